/**
 * A host without a port: it journals reads, hands them on, and says how many are durable, until it
 * is killed; or, when told to drain, hands on what there is, and ends.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { groupOf } from '@turnpike/accounting/testing/entries'
import { accountingPaths, openAccounting } from '../../accounting/open.ts'
import { openJournal } from '../../journal/journal.ts'
import { testSettings } from '../../testing/deployment.ts'

const [dataDir, provider, homeDid, homeUrl, task] = process.argv.slice(2) as [string, ...string[]]
const { journals } = accountingPaths(dataDir)
const opened = await openJournal({
  folder: join(journals, '0'),
  fileBytes: 2 << 20,
  reserveBytes: 0,
  onFailure: (error) => {
    throw error
  },
})
if (opened.error !== undefined) throw opened.error
const journal = opened.ok
const settings = testSettings(dataDir, {
  handTo: { did: homeDid!, url: homeUrl! },
  allowPrivateOrigins: true,
})
const accounting = await openAccounting({ dataDir, origin: 'o', slotsInUse: ['0'], settings })
if (accounting.error !== undefined) throw accounting.error

async function handOn(): Promise<boolean> {
  const { error } = await accounting.ok!.catchUp()
  // The other side is killed and started again; what it can't take is tried again.
  if (error !== undefined) await sleep(50)
  return error === undefined
}

if (task === 'drain') {
  await journal.flush()
  while (!(await handOn()));
  writeSync(1, `${journal.stats.durable}\n`)
  await accounting.ok.close()
  await journal.close()
} else {
  void (async () => {
    for (;;) await handOn()
  })()
  for (;;) {
    for (let i = 0; i < 50; i++) {
      const read = journal.admit()
      const fields = { id: randomBytes(16), bytes: 1n, provider: provider! }
      if (read !== undefined) read.end(groupOf(i, { ...fields, started: Date.now() }))
    }
    await journal.flush()
    writeSync(1, `${journal.stats.durable}\n`)
    await sleep(5)
  }
}
