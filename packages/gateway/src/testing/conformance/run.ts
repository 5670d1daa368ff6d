/**
 * Runs conformance tables as tests.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import { faults, send, type ConformanceCase } from './table.ts'

/**
 * One test for each group, with a part for each row; all against one gateway that has all of the
 * suite's data.
 *
 * @param url where the gateway is, asked when the first test begins
 * @param skip why a row does not apply to this gateway's platform, or false
 */
export function testGroups(
  groups: readonly ConformanceGroup[],
  url: () => string,
  skip: (row: ConformanceCase) => string | false = () => false,
): void {
  for (const { name, rows } of groups)
    test(name, { skip: absent }, async (t) => {
      for (const row of rows())
        await t.test(row.name, { skip: skip(row) }, async () => {
          assert.deepEqual(faults(row, await send(url(), row)), [])
        })
    })
}
