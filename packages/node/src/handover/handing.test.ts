import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { groupOf } from '@turnpike/accounting/testing/entries'
import { TestClock } from '@turnpike/accounting/testing/memory'
import { HAND_ON_LAG_MS_MAX } from '@turnpike/core/limits/inbox'
import { ACCOUNTING_OPERATIONS } from '../accounting/operations.ts'
import { Journals } from '../accounting/journals.ts'
import { accountingPaths } from '../accounting/open.ts'
import { openJournal } from '../journal/journal.ts'
import { testSettings } from '../testing/deployment.ts'
import type { HandoverAnswer } from './answer.ts'
import { openHanding } from './handing.ts'
import { hostFolder } from './testing/hosts.ts'

test('a host that can not hand on says so, and after minutes it is an alert', async (t) => {
  const folder = await hostFolder()
  t.after(() => folder.remove())
  const paths = accountingPaths(folder.path)
  const journal = await openJournal({
    folder: join(paths.journals, '0'),
    fileBytes: 2 << 20,
    reserveBytes: 0,
    onFailure: assert.fail,
  })
  journal.ok!.admit()!.end(groupOf(1))
  await journal.ok!.flush()
  const clock = new TestClock(1_760_000_000_000)
  const handing = await openHanding({
    dataDir: folder.path,
    settings: testSettings(folder.path, { allowPrivateOrigins: true }),
    handTo: { did: 'did:web:main.example', url: 'http://127.0.0.1:1' },
    journals: new Journals(paths.journals),
    paths,
    clock,
    operations: ACCOUNTING_OPERATIONS,
  })
  const [job] = handing.jobs
  const { signal } = new AbortController()
  const ask = (name: string) => handing.operations[name]!({}, { signal, progress() {} })
  assert.equal((await handing.catchUp()).error?.reason, 'HandOnFailed')
  clock.pass(HAND_ON_LAG_MS_MAX)
  await job!.run(signal)
  clock.pass(1)
  await assert.rejects(job!.run(signal), /has not taken what was read for 300 s/)
  const answer = (await ask('handover')).ok as HandoverAnswer
  assert.equal(answer.lagMs, HAND_ON_LAG_MS_MAX + 1)
  for (const name of ACCOUNTING_OPERATIONS.filter((one) => !one.startsWith('handover')))
    assert.match((await ask(name)).error!.message, /did:web:main.example/)
  assert.deepEqual((await ask('handoverRetry')).ok, { counted: 0, seen: 0, refused: 0 })
  assert.equal((await handing.usage({})).error?.reason, 'HandedOn')
  assert.equal((await handing.rebuild()).error?.reason, 'HandedOn')
  await handing.close()
  await journal.ok!.close()
})
