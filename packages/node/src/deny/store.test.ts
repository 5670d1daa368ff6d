import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  DENY_LISTS_MAX,
  DENY_OWN_RULES_MAX,
  DENY_PAGE_ROWS,
  DENY_PIECE_BYTES,
} from '@turnpike/core/limits/deny'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import { DenylistParser, type ParsedDenylist } from '@turnpike/core/deny/parse'
import { parseDenyRule } from '@turnpike/core/deny/rule'
import { linkToString, RAW, type Link } from '@turnpike/core/link'
import { openCatalogReader, openCatalogWriter } from '../catalog/database.ts'
import { nodeHasher } from '../hasher.ts'
import { scratch } from '../testing/data-folder.ts'
import { followDenylists } from './live.ts'
import {
  addDenyRules,
  dropDenylist,
  type OwnRule,
  removeDenyRules,
  replaceDenylist,
  showDenied,
} from './store.ts'
import { denyGeneration } from './tables.ts'

const SAMPLES = 500
const change = { by: 'test', reason: 'test', nowMs: 0 }

function parse(lines: readonly string[]): ParsedDenylist {
  const parser = new DenylistParser(nodeHasher)
  parser.push(lines.join('\n'))
  return parser.end().ok!
}

function own(text: string): OwnRule {
  return { text, rule: parseDenyRule(text).ok! }
}

const source = (name: string) => ({ name, source: `/${name}.deny`, etag: undefined })

test('bounds: rules of operators, and lists; one more changes nothing', (t) => {
  const catalog = openCatalogWriter(join(scratch(t), 'catalog.sqlite')).ok!
  const rules = Array.from({ length: DENY_OWN_RULES_MAX }, (_, i) => own(`/ipns/a${i}.example`))
  assert.equal(addDenyRules(catalog, rules, change).error, undefined)
  const one = [own('/ipns/one.example')]
  assert.equal(addDenyRules(catalog, one, change).error?.name, 'DenyFull')
  assert.equal(denyGeneration(catalog), 1)
  const page = showDenied(catalog).rules
  assert.equal(page.length, DENY_PAGE_ROWS)
  const older = showDenied(catalog, Number(page.at(-1)!.id)).rules
  assert.equal(older[0]!.rule, `/ipns/a${DENY_OWN_RULES_MAX - DENY_PAGE_ROWS - 1}.example`)
  // One about the same takes the place of the older.
  assert.equal(addDenyRules(catalog, rules.slice(0, 1), change).error, undefined)
  assert.equal(removeDenyRules(catalog, rules.slice(0, 1), change).error, undefined)
  assert.equal(addDenyRules(catalog, one, change).error, undefined)
  const list = parse(['/ipns/a.example'])
  for (let i = 0; i < DENY_LISTS_MAX; i++)
    assert.equal(replaceDenylist(catalog, source(`l${i}`), list, change).error, undefined)
  const more = replaceDenylist(catalog, source('more'), list, change)
  assert.equal(more.error?.name, 'DenyFull')
  assert.equal(replaceDenylist(catalog, source('l0'), list, change).ok?.added, 0)
  assert.equal(showDenied(catalog).lists.length, DENY_LISTS_MAX)
  catalog.close()
})

test('a process never sees a part of a list, however often it is replaced', async (t) => {
  const path = join(scratch(t), 'catalog.sqlite')
  const writer = openCatalogWriter(path).ok!
  const linkOf = (version: number, i: number): Link => {
    const digest = hash('sha256', `${version} ${i}`, 'buffer')
    return { version: 1, codec: RAW, multihash: encodeMultihash(SHA2_256, digest) }
  }
  const count = Math.ceil((3 * DENY_PIECE_BYTES) / 33)
  const versions = [0, 1].map((version) =>
    parse(Array.from({ length: count }, (_, i) => `/ipfs/${linkToString(linkOf(version, i))}`)),
  )
  const put = (version: number): void => {
    const done = replaceDenylist(writer, source('l'), versions[version]!, change)
    assert.equal(done.error, undefined)
  }
  put(0)
  const reader = openCatalogReader(path).ok!
  const faults: unknown[] = []
  const live = await followDenylists(reader, (error) => faults.push(error))
  /** Of rules from all over a version, how many are in force. */
  const denied = (version: number): number =>
    Array.from({ length: SAMPLES }, (_, i) =>
      linkOf(version, i * Math.floor(count / SAMPLES)),
    ).filter((link) => live.denylist.content(link, []) !== undefined).length
  let generation = -1
  let changes = 0
  for (let turn = 0; turn < 60; turn++) {
    if (turn % 3 === 0 && turn < 45) put(turn % 2)
    await sleep(Math.random() * 40)
    if (live.denylist.generation === generation) continue
    generation = live.denylist.generation
    changes++
    const counts = [0, 1].map((version) => denied(version))
    assert.deepEqual(counts.toSorted(), [0, SAMPLES])
  }
  assert.ok(changes > 2, `${changes} changes`)
  assert.deepEqual(faults, [])
  live.close()
  reader.close()
  writer.close()
})

test('what can not be read leaves in force what was, and is tried again', async (t) => {
  const path = join(scratch(t), 'catalog.sqlite')
  const writer = openCatalogWriter(path).ok!
  const digest = hash('sha256', 'x', 'buffer')
  const link: Link = { version: 1, codec: RAW, multihash: encodeMultihash(SHA2_256, digest) }
  replaceDenylist(writer, source('l'), parse([`/ipfs/${linkToString(link)}`]), change)
  const reader = openCatalogReader(path).ok!
  const faults: unknown[] = []
  const live = await followDenylists(reader, (error) => faults.push(error))
  assert.ok(live.denylist.content(link, []))
  writer.exec(`
    UPDATE deny_pieces SET bytes = x'00';
    UPDATE deny_lists SET generation = generation + 1;
    UPDATE deny_state SET generation = generation + 1;
  `)
  while (faults.length < 2) await sleep(20)
  assert.ok(live.denylist.content(link, []))
  addDenyRules(writer, [own('/ipns/a.example')], change)
  dropDenylist(writer, 'l', change)
  while (live.denylist.content(link, []) !== undefined) await sleep(20)
  live.close()
  reader.close()
  writer.close()
})
