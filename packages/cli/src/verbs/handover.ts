/**
 * `turnpike handover`: who counts what is read here, and whether that goes well.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import type { HandoverAnswer, Resent } from '@turnpike/node/handover/answer'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import type { Output } from '../output.ts'
import { formatCount, formatSeconds } from '../units.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const handover: Verb = {
  name: 'handover',
  summary: 'Say which host counts the reads of which.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    retry: { doc: 'Hand on once more what was refused, after what was wrong is mended.' },
  },
  settings: ['data', 'handTo', 'handFrom'],
  examples: [
    ['turnpike handover', 'How long reads wait to be counted elsewhere, and what was refused.'],
    ['turnpike handover --retry', 'Says what became of what was refused.'],
  ],
  async run({ options, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    needFolder(data)
    const operation = options['retry'] === true ? 'handoverRetry' : 'handover'
    const here = (): ReturnType<typeof openHere> => openHere(data, settings)
    const called = await callOrOpen(data, here, operation, {}, { signal })
    if (called.error) throw called.error
    if (operation === 'handover') print(called.ok as HandoverAnswer, output)
    else printResent(called.ok as Resent, output)
    output.result(called.ok)
    return EXIT.ok
  },
}

function print({ to, from, lagMs, refused, refusals }: HandoverAnswer, output: Output): void {
  for (const did of from) output.line(`Counts the reads of ${did}`)
  if (to === null) return output.line('Reads of this host are counted here.')
  output.line(`Reads of this host are counted by ${to.did} at ${to.url}`)
  if (lagMs > 0) output.line(`  which has not been reached for ${formatSeconds(lagMs / 1000)}`)
  if (refused === 0) return
  output.line(`  and refused ${formatCount(refused)} groups of them, which are kept here:`)
  for (const { journal, entry, reason } of refusals)
    output.line(`  journal ${journal}, entry ${formatCount(entry)}: ${reason}`)
}

function printResent({ counted, seen, refused }: Resent, output: Output): void {
  const taken = `${formatCount(counted)} counted, ${formatCount(seen)} seen before`
  output.line(`Groups that had been refused: ${taken}, ${formatCount(refused)} refused again.`)
}
