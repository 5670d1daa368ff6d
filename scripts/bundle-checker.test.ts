import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { CHECKER_PATH, checkerText } from './bundle-checker.ts'

test('self-checking statements run what their sources give', async () => {
  const committed = readFileSync(CHECKER_PATH, 'utf8')
  assert.ok(committed === (await checkerText()), 'run npm run docs')
})
