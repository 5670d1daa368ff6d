import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { FREE_PLANS } from '@turnpike/core/billing/plan'
import { PLAN_FILE_BYTES_MAX } from '@turnpike/core/limits/billing'
import { testFolder } from '../testing/deployment.ts'
import { readPlans } from './read.ts'

test('plans come from a file, which is refused whole with its place and reason', async (t) => {
  const folder = await testFolder()
  t.after(() => folder.remove())
  const path = join(folder.path, 'plans.json')
  const plan = { id: 'did:web:lite.example', name: 'Lite', currency: 'EUR' }
  const read = (text: string): ReturnType<typeof readPlans> => {
    writeFileSync(path, text)
    return readPlans(path)
  }
  assert.equal(read(JSON.stringify({ plans: [plan] })).ok?.standard.id, plan.id)
  assert.equal(readPlans(undefined).ok, FREE_PLANS)
  const refused: readonly (readonly [string, RegExp])[] = [
    ['{', /expected a file of plans, in JSON/],
    ['{"plans":[]}', /"plans" expected a list of 1 to 1000 plans/],
    [' '.repeat(PLAN_FILE_BYTES_MAX + 1), /expected <= 4194304 bytes/],
  ]
  for (const [text, why] of refused) {
    const { error } = read(text)
    assert.ok(error)
    assert.ok(error.message.startsWith(`${path}: `))
    assert.match(error.message, why)
  }
  assert.match(readPlans(join(folder.path, 'no.json')).error!.message, /ENOENT/)
})
