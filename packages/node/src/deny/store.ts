/**
 * What this deployment does not serve, in the catalog: rules of its operators, lists that were
 * imported, and a log of who changed what, when and why.
 * @module
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import { DenyTableBuilder, type DenylistTooLarge } from '@turnpike/core/deny/table-builder'
import { denyRuleKey } from '@turnpike/core/deny/operand'
import { type DenyRule, parseDenyRule } from '@turnpike/core/deny/rule'
import type { DenyTable } from '@turnpike/core/deny/table'
import type { ParsedDenylist } from '@turnpike/core/deny/parse'
import {
  DENY_LISTS_MAX,
  DENY_OWN_RULES_MAX,
  DENY_PAGE_ROWS,
  DENY_PIECE_BYTES,
} from '@turnpike/core/limits/deny'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'
import { nodeHasher } from '../hasher.ts'
import { readTable } from './tables.ts'

/** Name of the list of rules that operators set one by one. It holds before all others. */
export const OWN_LIST = 'own'

/** Who changes something, and why. */
export interface DenyChange {
  readonly by: string
  readonly reason: string
  readonly nowMs: number
}

/** No rule is about this, or no list has the name. */
export class DenyUnknown extends Error {
  override readonly name = 'DenyUnknown'
  constructor(what: string) {
    super(`${what} expected to be denied, is not: see turnpike deny ls`)
  }
}

/** There are as many rules, or lists, as there may be. */
export class DenyFull extends Error {
  override readonly name = 'DenyFull'
}

/** A rule as its operator wrote it. */
export interface OwnRule {
  /** In the form of a line of a denylist, hints included. */
  readonly text: string
  readonly rule: DenyRule
}

/** What an import changed. Serializable. */
export interface DenyImported {
  readonly name: string
  /** Rules in force now. */
  readonly rules: number
  readonly added: number
  readonly removed: number
  readonly refusedLines: number
  readonly firstRefusal: string | undefined
}

/** A row as the catalog has it; serializable. */
export type ShownRow = Readonly<Record<string, SQLOutputValue>>

/** What is denied: one page of rules, and all lists. */
export interface DenyShown {
  /** At most `DENY_PAGE_ROWS`: as many mean that there may be more before the last. */
  readonly rules: readonly ShownRow[]
  readonly lists: readonly ShownRow[]
}

/** Beyond all numbers of rows. */
const NEWEST = Number.MAX_SAFE_INTEGER

/** Adds rules of operators; one about the same as an older rule takes its place. */
export function addDenyRules(
  catalog: DatabaseSync,
  rules: readonly OwnRule[],
  change: DenyChange,
): Result<Unit, DenyFull | DenylistTooLarge> {
  const { by, reason, nowMs } = change
  return changeOwn(catalog, change, () => {
    const forget = catalog.prepare('DELETE FROM deny_rules WHERE key = ?')
    const insert = catalog.prepare(
      'INSERT INTO deny_rules (key, rule, reason, by, added_ms) VALUES (?, ?, ?, ?, ?)',
    )
    for (const { text, rule } of rules) {
      const key = denyRuleKey(rule, nodeHasher)
      forget.run(key)
      insert.run(key, text, reason, by, nowMs)
      note(catalog, 'add', text, change)
    }
    const { count } = catalog.prepare('SELECT count(*) AS count FROM deny_rules').get()!
    return Number(count) > DENY_OWN_RULES_MAX
      ? new DenyFull(`rules expected <= ${DENY_OWN_RULES_MAX}: put them in a file and import it`)
      : undefined
  })
}

/** Takes rules of operators back, all or none of them. */
export function removeDenyRules(
  catalog: DatabaseSync,
  rules: readonly OwnRule[],
  change: DenyChange,
): Result<Unit, DenyUnknown | DenyFull | DenylistTooLarge> {
  return changeOwn(catalog, change, () => {
    const forget = catalog.prepare('DELETE FROM deny_rules WHERE key = ?')
    for (const { text, rule } of rules) {
      if (forget.run(denyRuleKey(rule, nodeHasher)).changes === 0) return new DenyUnknown(text)
      note(catalog, 'rm', text, change)
    }
    return undefined
  })
}

/** Where an imported list came from. */
export interface DenySource {
  readonly name: string
  /** A file's path, or an address without its query. */
  readonly source: string
  readonly etag: string | undefined
}

/** Puts a list in the place of the one of its name, all at once. The same list changes nothing. */
export function replaceDenylist(
  catalog: DatabaseSync,
  { name, source, etag }: DenySource,
  { table, refusedLines, firstRefusal }: ParsedDenylist,
  change: DenyChange,
): Result<DenyImported, DenyFull> {
  const before = readTable(catalog, name)
  const added = table.countBeyond(before)
  const removed = before?.countBeyond(table) ?? 0
  const { lists } = catalog
    .prepare('SELECT count(*) AS lists FROM deny_lists WHERE name NOT IN (?, ?)')
    .get(OWN_LIST, name)!
  if (Number(lists) >= DENY_LISTS_MAX)
    return fail(new DenyFull(`imported denylists expected <= ${DENY_LISTS_MAX}`))
  transact(catalog, () => {
    const list = { name, source, etag, refusedLines }
    if (before === undefined || added + removed > 0) {
      putTable(catalog, list, table, change.nowMs)
      const what = `${name} from ${source}: ${added} added, ${removed} removed`
      note(catalog, 'import', what, change)
    } else
      catalog
        .prepare('UPDATE deny_lists SET source = ?, etag = ?, refused_lines = ? WHERE name = ?')
        .run(source, etag ?? null, refusedLines, name)
  })
  return ok({ name, rules: table.ruleCount, added, removed, refusedLines, firstRefusal })
}

/** Takes an imported list back. */
export function dropDenylist(
  catalog: DatabaseSync,
  name: string,
  change: DenyChange,
): Result<Unit, DenyUnknown> {
  return transact(catalog, () => {
    const { changes } = catalog
      .prepare('DELETE FROM deny_lists WHERE name = ? AND name <> ?')
      .run(name, OWN_LIST)
    if (changes === 0) return fail(new DenyUnknown(`list ${name}`))
    nextGeneration(catalog)
    note(catalog, 'drop', name, change)
    return ok({})
  })
}

/** Entity tag of a list's source when it was last read; undefined for what was never read. */
export function etagOf(catalog: DatabaseSync, { name, source }: DenySource): string | undefined {
  const row = catalog
    .prepare('SELECT etag FROM deny_lists WHERE name = ? AND source = ?')
    .get(name, source)
  return typeof row?.etag === 'string' ? row.etag : undefined
}

/** Rules of operators, newest first, from before the one numbered `before` on; and all lists. */
export function showDenied(catalog: DatabaseSync, before: number = NEWEST): DenyShown {
  const rules = catalog
    .prepare(
      `SELECT id, rule, reason, by, added_ms AS addedMs FROM deny_rules
       WHERE id < ? ORDER BY id DESC LIMIT ?`,
    )
    .all(before, DENY_PAGE_ROWS)
  const lists = catalog
    .prepare(
      `SELECT name, source, rules, refused_lines AS refusedLines, changed_ms AS changedMs
       FROM deny_lists WHERE name <> ? ORDER BY name`,
    )
    .all(OWN_LIST)
  return { rules, lists }
}

/** The log of changes, newest first, from before the line numbered `before` on. */
export function showDenyLog(catalog: DatabaseSync, before: number = NEWEST): readonly ShownRow[] {
  return catalog
    .prepare(
      `SELECT id, at_ms AS atMs, by, action, what, reason FROM deny_log
       WHERE id < ? ORDER BY id DESC LIMIT ?`,
    )
    .all(before, DENY_PAGE_ROWS)
}

/** Changes rules of operators and packs them again, or changes nothing. */
function changeOwn<X extends Error>(
  catalog: DatabaseSync,
  { nowMs }: DenyChange,
  work: () => X | undefined,
): Result<Unit, X | DenylistTooLarge> {
  catalog.exec('BEGIN IMMEDIATE')
  try {
    const packed = work() ?? packOwn(catalog)
    if (packed instanceof Error) return fail(packed)
    const list = { name: OWN_LIST, source: '', etag: undefined, refusedLines: 0 }
    putTable(catalog, list, packed, nowMs)
    catalog.exec('COMMIT')
    return ok({})
  } finally {
    if (catalog.isTransaction) catalog.exec('ROLLBACK')
  }
}

function packOwn(catalog: DatabaseSync): DenyTable | DenylistTooLarge {
  const builder = new DenyTableBuilder(nodeHasher)
  for (const { rule: text } of catalog.prepare('SELECT rule FROM deny_rules ORDER BY id').all()) {
    const rule = parseDenyRule(String(text))
    if (rule.error) throw rule.error
    const added = builder.add(rule.ok)
    if (added.error?.name === 'DenylistTooLarge') return added.error
    if (added.error) throw added.error
  }
  const built = builder.build()
  return built.ok ?? built.error
}

function putTable(
  catalog: DatabaseSync,
  list: DenySource & { readonly refusedLines: number },
  { bytes, ruleCount }: DenyTable,
  nowMs: number,
): void {
  const generation = nextGeneration(catalog)
  const pieces = Math.ceil(bytes.length / DENY_PIECE_BYTES)
  const { id } = catalog
    .prepare(
      `INSERT INTO deny_lists
         (name, source, etag, rules, refused_lines, pieces, generation, changed_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET source = excluded.source, etag = excluded.etag,
         rules = excluded.rules, refused_lines = excluded.refused_lines, pieces = excluded.pieces,
         generation = excluded.generation, changed_ms = excluded.changed_ms
       RETURNING id`,
    )
    .get(
      list.name,
      list.source,
      list.etag ?? null,
      ruleCount,
      list.refusedLines,
      pieces,
      generation,
      nowMs,
    )!
  catalog.prepare('DELETE FROM deny_pieces WHERE list = ?').run(id!)
  const insert = catalog.prepare('INSERT INTO deny_pieces VALUES (?, ?, ?)')
  for (let piece = 0; piece < pieces; piece++) {
    const at = piece * DENY_PIECE_BYTES
    insert.run(id!, piece, bytes.subarray(at, at + DENY_PIECE_BYTES))
  }
}

function nextGeneration(catalog: DatabaseSync): number {
  const row = catalog
    .prepare('UPDATE deny_state SET generation = generation + 1 RETURNING generation')
    .get()!
  return Number(row.generation)
}

function note(
  catalog: DatabaseSync,
  action: 'add' | 'rm' | 'import' | 'drop',
  what: string,
  { by, reason, nowMs }: DenyChange,
): void {
  catalog
    .prepare('INSERT INTO deny_log (at_ms, by, action, what, reason) VALUES (?, ?, ?, ?, ?)')
    .run(nowMs, by, action, what, reason)
}
