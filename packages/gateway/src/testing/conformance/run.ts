/**
 * Runs conformance tables as tests.
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import { faults, send, type ConformanceCase, type Got } from './table.ts'

/** The gateway that rows are sent to: it has all of the suite's data. */
export interface Subject {
  /** Where it is; asked when the first test begins. */
  url(): string
  /** Why a row does not apply to its platform, or false. */
  skip?(row: ConformanceCase): string | false
  /** An answer as it was before what the platform demands was done to it. */
  undo?(got: Got): Got
}

/** One test for each group, with a part for each row. */
export function testGroups(groups: readonly ConformanceGroup[], subject: Subject): void {
  const { url, skip = () => false, undo = (got) => got } = subject
  for (const { name, rows } of groups)
    test(name, { skip: absent }, async (t) => {
      for (const row of rows())
        await t.test(row.name, { skip: skip(row) }, async () => {
          assert.deepEqual(faults(row, undo(await send(url(), row))), [])
        })
    })
}
