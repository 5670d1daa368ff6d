/**
 * `turnpike receipts epochs`: how far hours are on their way to final.
 * @module
 */
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { EPOCHS_LISTED_MAX } from '@turnpike/core/limits/receipts'
import type { EpochShown, EpochsShown } from '@turnpike/node/epochs/operations'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import { tableLines } from '../../table-lines.ts'
import { formatCount } from '../../units.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const epochs: Verb = {
  name: 'receipts epochs',
  summary: 'List the hours of the log: which are batched, anchored and final.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    from: { value: 'NUMBER', doc: 'From this hour on (hours since 1970), not the last day only.' },
  },
  settings: ['data'],
  examples: [
    [
      'turnpike receipts epochs',
      'The hours of the last day, and how many there are in each state.',
    ],
    ['turnpike receipts epochs --from 0 --json', 'The first 1,000 of all, for scripts.'],
  ],
  async run({ options, loaded, output, signal }) {
    const { from } = options
    if (from !== undefined && !/^\d{1,15}$/.test(String(from)))
      throw new UsageRefused(`"--from" expected an hour number, got "${String(from)}"`)
    const params = from === undefined ? {} : { from: Number(from) }
    const shown = (await callFolder(loaded, 'epochs', params, signal)) as EpochsShown
    const { batched, anchored, final } = shown.counts
    output.line(
      `${output.bold(shown.origin)}: ${formatCount(final)} final, ` +
        `${formatCount(anchored)} anchored, ${formatCount(batched)} batched`,
    )
    for (const line of tableLines(shown.epochs.map(rowOf))) output.line(`  ${line}`)
    if (shown.epochs.length === EPOCHS_LISTED_MAX) output.line('  … and maybe more')
    if (shown.open !== null) output.line(`  ${shown.open} ${hourOf(shown.open)} pending`)
    if (shown.conflict !== null) {
      const { anchor, message, since } = shown.conflict
      output.line(`Nothing goes on since ${since}. ${anchor}: ${message}`)
      output.line('Find out why; then turnpike receipts resume.')
    }
    output.result(shown)
    return EXIT.ok
  },
}

function rowOf({ epoch, state, first, end, anchors }: EpochShown): string[] {
  const entries = `${formatCount(end - first)} entries`
  const standings = anchors.map((one) => `${one.anchor} ${one.state}`).join(', ')
  return [String(epoch), hourOf(epoch), state, entries, standings]
}

/** An hour as text: `2026-11-21 10:00`. */
function hourOf(epoch: number): string {
  return new Date(epoch * EPOCH_MS).toISOString().slice(0, 16).replace('T', ' ')
}
