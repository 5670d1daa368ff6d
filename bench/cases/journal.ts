/**
 * The journal alone.
 * @module
 */
import { benchJournal } from '@turnpike/node/journal/journal.bench'
import { type BenchCase, check } from '../measure.ts'

/** Durable entries a second. */
export const journal: BenchCase = {
  name: 'journal',
  about: 'the journal alone, entries as fast as it takes them',
  async run({ sizes }) {
    const found = await benchJournal(sizes.journalEntries)
    return {
      figures: {
        journal: Object.fromEntries(Object.entries(found).map(([name, value]) => [name, [value]])),
      },
      checks: [
        check('durable entries a second', found.entriesPerSecond, 'at least', 100_000),
        check('durable entries a CPU-second', 1e6 / found.cpuUsPerRead, 'at least', 100_000),
      ],
    }
  },
}
