import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import type { DomainBatch } from '@turnpike/core/ports/domain-index'
import { RemadeDomainIndex } from './remade-index.ts'

function pathIn(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-domains-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return join(folder, 'domains.sqlite')
}

/** A batch of one read in each of many domains. */
function batchOf(domains: number): DomainBatch {
  const counts = Array.from({ length: domains }, (_, n) => {
    return { epoch: 1, domain: `${n}.example`, reads: 1, denied: 0, bytes: 1n, lastMs: 1 }
  })
  const kinds = { read: domains, exec: 0, ack: 0, seal: 0, void: 0, fetch: 0 }
  return { first: 0, end: domains, counts, kinds, tip: new Uint8Array(32) }
}

test('a file that is no database does not keep accounting from opening', (t) => {
  const path = pathIn(t)
  writeFileSync(path, 'garbage'.repeat(1000))
  const index = new RemadeDomainIndex(path)
  index.add(batchOf(2))
  assert.equal(index.all(1).reads, 2)
  index.close()
  const again = new RemadeDomainIndex(path)
  assert.equal(again.standing().through, 2, 'one that is whole is kept')
  again.close()
})

test('an index whose pages are damaged fails once, and begins anew', (t) => {
  const path = pathIn(t)
  const whole = new RemadeDomainIndex(path)
  whole.add(batchOf(2000))
  whole.close()
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0x55, 2 * 4096))
  const index = new RemadeDomainIndex(path)
  assert.throws(() => {
    for (let n = 0; n < 2000; n++) index.sum(`${n}.example`, 0, 9)
  }, /malformed/)
  assert.equal(index.standing().through, 0)
  index.add(batchOf(3))
  assert.equal(index.sum('2.example', 0, 9).reads, 1)
  index.close()
})
