import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFetch, encodeVoid } from '@turnpike/core/log/encode'
import { VOID_SOURCE } from '@turnpike/core/ports/inbox'
import { checkGroup } from './check-group.ts'
import { groupOf, readOf } from './testing/entries.ts'

const SOURCE = 'did:key:z6Mk'
const COUNT_MAX = 2 ** 32 - 1

function fetchOf(n: number, requests: number, failed = 0): Uint8Array {
  const { id } = readOf(n)
  return encodeFetch({ id, provider: 'p', bytes: 1n, requests, failed })
}

function refusalOf(entries: readonly Uint8Array[], source: string = SOURCE): string | undefined {
  return checkGroup(source, entries).error?.message
}

test('an entry may stand for so many reads or requests, and no more', () => {
  const counting = (count: number): readonly Uint8Array[] => groupOf(1, { count })
  assert.equal(refusalOf(counting(COUNT_MAX)), undefined)
  assert.match(refusalOf(counting(COUNT_MAX + 1))!, /stand for/)
  assert.equal(refusalOf([...groupOf(1), fetchOf(1, COUNT_MAX)]), undefined)
  assert.match(refusalOf([...groupOf(1), fetchOf(1, COUNT_MAX + 1)])!, /stand for/)
  assert.match(refusalOf([...groupOf(1), fetchOf(1, 1, COUNT_MAX + 1)])!, /stand for/)
})

test('an entry of 2^53 bytes is refused, one of a byte less is not', () => {
  assert.equal(refusalOf(groupOf(1, { bytes: 2n ** 53n - 1n })), undefined)
  assert.match(refusalOf(groupOf(1, { bytes: 2n ** 53n }))!, /2\^53/)
})

test('only what belongs to its first entry is in a group', () => {
  assert.equal(refusalOf([fetchOf(1, 1)]), undefined)
  assert.match(refusalOf([])!, /got none/)
  assert.match(refusalOf([...groupOf(1), fetchOf(2, 1)])!, /of another/)
  assert.match(refusalOf([...groupOf(1), ...groupOf(2)])!, /of another/)
  assert.match(refusalOf([fetchOf(1, 1), fetchOf(1, 1)])!, /of another/)
})

test('a VOID comes from the source of VOIDs, and from nobody else', () => {
  const { id } = readOf(1)
  const voiding = encodeVoid({ id, ts: 1, index: 0, leaf: new Uint8Array(32), reason: 1 })
  assert.equal(refusalOf([voiding], VOID_SOURCE), undefined)
  assert.match(refusalOf([voiding])!, /begin with a read/)
  assert.match(refusalOf(groupOf(1), VOID_SOURCE)!, /begin with a void/)
})
