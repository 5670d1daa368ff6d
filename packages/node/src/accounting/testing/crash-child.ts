/**
 * A process that journals reads, sequences them, and says how many are durable, until it is killed.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { groupOf } from '@turnpike/accounting/testing/entries'
import { openJournal } from '../../journal/journal.ts'
import { accountingPaths, openAccounting } from '../open.ts'

const dataDir = process.argv[2]!
const { journals } = accountingPaths(dataDir)
const opened = await openJournal({
  folder: join(journals, '0'),
  onFailure: (error) => {
    throw error
  },
})
if (opened.error !== undefined) throw opened.error
const journal = opened.ok
const accounting = await openAccounting({ dataDir, origin: 'crash', slotsInUse: ['0'] })
if (accounting.error !== undefined) throw accounting.error

const sequence = async (): Promise<never> => {
  for (;;) {
    const { error } = await accounting.ok.catchUp()
    if (error !== undefined) throw error
  }
}
void sequence()
for (let n = 0; ; n++) {
  for (let i = 0; i < 50; i++) {
    const read = journal.admit()
    // Each read is of one byte, so that bytes count reads; its id is its own in every process.
    if (read !== undefined) read.end(groupOf(n, { id: randomBytes(16), bytes: 1n }))
  }
  await journal.flush()
  writeSync(1, `${journal.stats.durable}\n`)
}
