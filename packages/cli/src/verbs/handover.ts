/**
 * `turnpike handover`: who counts what is read here, and whether that goes well.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import type { HandoverAnswer } from '@turnpike/node/handover/answer'
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
  options: {},
  settings: ['data', 'handTo', 'handFrom'],
  examples: [
    ['turnpike handover', 'How far reads wait to be counted elsewhere, and what was refused.'],
  ],
  async run({ loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    needFolder(data)
    const called = await callOrOpen(
      data,
      () => openHere(data, settings),
      'handover',
      {},
      { signal },
    )
    if (called.error) throw called.error
    print(called.ok as HandoverAnswer, output)
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
