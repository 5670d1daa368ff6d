/**
 * What the owner of a data folder does for denylists.
 * @module
 */
import { basename } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { denyRuleText } from '@turnpike/core/deny/operand'
import { DenyTableBuilder } from '@turnpike/core/deny/table-builder'
import { type DenyRuleInvalid, parseDenyRule } from '@turnpike/core/deny/rule'
import { URL_CHARS_MAX } from '@turnpike/core/limits'
import {
  DENY_BY_CHARS_MAX,
  DENY_OWN_RULES_MAX,
  DENY_REASON_CHARS_MAX,
} from '@turnpike/core/limits/deny'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { Clock } from '@turnpike/core/ports/runtime'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import type { Call, Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { readDenySource, shownSource } from './read-source.ts'
import {
  addDenyRules,
  type DenyChange,
  type DenyImported,
  dropDenylist,
  etagOf,
  OWN_LIST,
  type OwnRule,
  removeDenyRules,
  replaceDenylist,
  showDenied,
  showDenyLog,
} from './store.ts'

/** Names of the operations. */
export const DENY_OPERATIONS = [
  'denyAdd',
  'denyRemove',
  'denyImport',
  'denyDrop',
  'denyShow',
] as const

/** Name of one of the operations. */
export type DenyOperation = (typeof DENY_OPERATIONS)[number]

/** What `denyImport` answers when the source said that it has not changed. */
export interface DenyUnchanged {
  readonly name: string
  readonly unchanged: true
}

/** How far an import is. */
export interface DenyProgress {
  readonly bytes: number
  readonly totalBytes: number | undefined
}

/**
 * Operations on an owned folder. Parameters come as JSON: `denyAdd {what, by, reason, legal?}`,
 * `denyRemove {what, by, reason?}`, `denyImport {source, by, name?, reason?, allowHttp?}`,
 * `denyDrop {name, by, reason?}`, `denyShow {log?,
 * before?}`, which answers a page.
 */
export function denyOperations(
  { catalog }: Pick<FolderOwner, 'catalog'>,
  clock: Pick<Clock, 'nowMs'>,
): Readonly<Record<DenyOperation, Operation>> {
  const changing =
    (work: (params: Params, change: DenyChange, call: Call) => ReturnType<Operation>): Operation =>
    async (given, call) => {
      const params = paramsOf(given)
      const change = changeOf(params, clock.nowMs())
      return change.error ? change : work(params, change.ok, call)
    }
  return {
    denyAdd: changing(async (params, change) => {
      if (change.reason === '') return fail(new InvalidParams('"reason" expected text, got none'))
      const rules = rulesOf(params)
      if (rules.error) return rules
      const added = addDenyRules(catalog, rules.ok, change)
      return added.error ? added : ok({ rules: rules.ok.map(({ text }) => text) })
    }),
    denyRemove: changing(async (params, change) => {
      const rules = rulesOf(params)
      if (rules.error) return rules
      const removed = removeDenyRules(catalog, rules.ok, change)
      return removed.error ? removed : ok({ rules: rules.ok.map(({ text }) => text) })
    }),
    denyImport: changing((params, change, call) => importList(catalog, params, change, call)),
    denyDrop: changing(async (params, change) => {
      const name = nameOf(params.name)
      return name.error ? name : dropDenylist(catalog, name.ok.name, change)
    }),
    async denyShow(given) {
      const { log, before } = paramsOf(given)
      const from = Number.isSafeInteger(before) ? Number(before) : undefined
      return ok(log === true ? { log: showDenyLog(catalog, from) } : showDenied(catalog, from))
    },
  }
}

async function importList(
  catalog: DatabaseSync,
  { source, name, allowHttp }: Params,
  change: DenyChange,
  { signal, progress }: Call,
): Promise<Result<DenyImported | DenyUnchanged, Error>> {
  if (typeof source !== 'string' || source === '')
    return fail(new InvalidParams('"source" expected a file or an address'))
  const named = nameOf(name ?? denylistName(source))
  if (named.error) return named
  const list = { name: named.ok.name, source: shownSource(source), etag: undefined }
  const read = await readDenySource(source, {
    etag: etagOf(catalog, list),
    allowHttp: allowHttp === true,
    signal,
    onProgress: (bytes, totalBytes) => progress({ bytes, totalBytes } satisfies DenyProgress),
  })
  if (read.error) return read
  if (read.ok.unchanged) return ok({ name: list.name, unchanged: true })
  const { etag } = read.ok
  return replaceDenylist(catalog, { ...list, etag }, read.ok.list, change)
}

/** Name for a list that was given none: that of its file. */
export function denylistName(source: string): string {
  const file = basename(shownSource(source)).replace(/\.\w+$/, '')
  return file.replaceAll(/[^\w.-]+/g, '-').slice(0, 64)
}

type Params = Readonly<Record<string, unknown>>

function paramsOf(params: unknown): Params {
  return typeof params === 'object' && params !== null ? (params as Params) : {}
}

function changeOf({ by, reason = '' }: Params, nowMs: number): Result<DenyChange, InvalidParams> {
  if (typeof by !== 'string' || by === '' || by.length > DENY_BY_CHARS_MAX)
    return fail(new InvalidParams(`"by" expected 1 to ${DENY_BY_CHARS_MAX} characters`))
  if (typeof reason !== 'string' || reason.length > DENY_REASON_CHARS_MAX)
    return fail(new InvalidParams(`"reason" expected <= ${DENY_REASON_CHARS_MAX} characters`))
  return ok({ by, reason, nowMs })
}

function nameOf(name: unknown): Result<{ readonly name: string }, InvalidParams> {
  const isName = typeof name === 'string' && /^[\w.-]{1,64}$/.test(name) && name !== OWN_LIST
  return isName
    ? ok({ name })
    : fail(
        new InvalidParams(
          `"name" expected 1 to 64 letters, digits, dots or hyphens, and not "${OWN_LIST}"`,
        ),
      )
}

/** All rules that are named, or why one of them is none. */
function rulesOf({ what, legal }: Params): Result<readonly OwnRule[], InvalidParams | Error> {
  const isList = Array.isArray(what) && what.length > 0 && what.length <= DENY_OWN_RULES_MAX
  if (!isList || !what.every((one) => typeof one === 'string'))
    return fail(
      new InvalidParams(`"what" expected 1 to ${DENY_OWN_RULES_MAX} paths, CIDs or names`),
    )
  const rules: OwnRule[] = []
  for (const operand of what) {
    const text = `${denyRuleText(operand)}${legal === true ? ' gateway_status=451' : ''}`
    if (text.length > URL_CHARS_MAX)
      return fail(new InvalidParams(`rule expected <= ${URL_CHARS_MAX} characters`))
    const parsed = ruleOf(text)
    if (parsed.error) return fail(new InvalidParams(`"${operand}": ${parsed.error.message}`))
    rules.push(parsed.ok)
  }
  return ok(rules)
}

/** A rule that can be packed: one that hashes by an unknown function can't. */
function ruleOf(text: string): Result<OwnRule, DenyRuleInvalid | Error> {
  const parsed = parseDenyRule(text)
  if (parsed.error) return parsed
  const added = new DenyTableBuilder(nodeHasher).add(parsed.ok)
  return added.error ? added : ok({ text, rule: parsed.ok })
}
