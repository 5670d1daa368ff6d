/**
 * `turnpike queue ls`: messages that wait, or were given up.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import type { QueueMessageShown, QueueShown } from '@turnpike/node/queue/operations'
import { QUEUE_LISTED_MAX } from '@turnpike/core/limits/queue'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const ls: Verb = {
  name: 'queue ls',
  summary: 'List messages that wait for other services, or that were given up.',
  operands: '[TOPIC]',
  operandsMin: 0,
  operandsMax: 1,
  options: { dead: { doc: 'List those that were given up, with the reason.' } },
  settings: ['data'],
  examples: [
    ['turnpike queue ls', 'How many wait and are dead for each topic, and those that wait.'],
    ['turnpike queue ls --dead', 'Those that were given up; each is kept for 14 days.'],
    ['turnpike queue ls egress --json', 'Records of egress that wait, for scripts.'],
  ],
  async run({ args: [topic], options, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const params = { ...(topic !== undefined && { topic }), dead: options['dead'] === true }
    const open = () => openHere(data, loaded.settings)
    const called = await callOrOpen(data, open, 'queueLs', params, { signal })
    if (called.error) throw called.error
    const { topics, messages } = called.ok as QueueShown
    if (topics.length === 0) output.line('Nothing waits.')
    for (const { topic: name, waiting, dead } of topics)
      output.line(`${output.bold(name)}: ${formatCount(waiting)} wait, ${formatCount(dead)} dead`)
    for (const message of messages) output.line(`  ${lineOf(message)}`)
    if (messages.length === QUEUE_LISTED_MAX) output.line('  … and maybe more')
    output.result(called.ok)
    return EXIT.ok
  },
}

function lineOf({ id, topic, key, attempts, notBefore, dead, reason }: QueueMessageShown): string {
  const when = dead === null ? `next ${notBefore}` : `dead ${dead}`
  const why = reason === '' ? '' : `: ${reason}`
  return `${id} ${topic} ${key}, ${formatCount(attempts)} attempts, ${when}${why}`
}
