/**
 * From the bytes of a `_redirects` file to its rules.
 * Source: Web _redirects File specification, section 2; query parameters in `from` after Netlify.
 * @module
 */
import { PATH_SEGMENTS_MAX, REDIRECTS_FILE_BYTES_MAX } from '@turnpike/core/limits'
import { type Result, fail, ok } from '@turnpike/core/result'
import {
  type Placeholder,
  type QueryTest,
  REDIRECT_STATUSES,
  type RedirectRule,
  type RedirectStatus,
  RedirectsFileInvalid,
} from './rule.ts'
import { isNameCharacter, parseTarget } from './target.ts'
import { shorten } from '../parse-request.ts'

/** What a rule asks of a request, and the names that its target may use. */
interface From extends Pick<RedirectRule, 'from' | 'splatPrefix' | 'query'> {
  readonly names: ReadonlySet<string>
}

const STATUSES: ReadonlyMap<string, RedirectStatus> = new Map(
  REDIRECT_STATUSES.map((status) => [String(status), status]),
)
const NO_NAMES: ReadonlySet<string> = new Set()

/**
 * Reads a file: `from [parameter=value …] to [status]` a line. One bad line spoils the file, so
 * that its author hears of it.
 *
 * @returns `RedirectsFileInvalid`, which names the first line that is wrong, and what is
 * @example
 * parseRedirects(new TextEncoder().encode('/a /b 302\n')).ok?.length // 1
 */
export function parseRedirects(
  bytes: Uint8Array,
): Result<readonly RedirectRule[], RedirectsFileInvalid> {
  if (bytes.length > REDIRECTS_FILE_BYTES_MAX) return fail(tooLarge(bytes.length))
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return fail(new RedirectsFileInvalid('expected UTF-8, got other bytes'))
  }
  const rules: RedirectRule[] = []
  for (const [index, ended] of text.split('\n').entries()) {
    const line = ended.endsWith('\r') ? ended.slice(0, -1) : ended
    const fields = line.split(/[ \t]/).filter((field) => field !== '')
    if (fields.length === 0 || fields[0]!.startsWith('#')) continue
    const rule = parseRule(fields, index + 1)
    if (rule.error) return fail(new RedirectsFileInvalid(rule.error.message, index + 1))
    rules.push(rule.ok)
  }
  return ok(rules)
}

/** What is said of a file beyond the bound of the specification (section 2.7). */
export function tooLarge(sizeBytes: number): RedirectsFileInvalid {
  const max = REDIRECTS_FILE_BYTES_MAX
  return new RedirectsFileInvalid(
    `redirects file size cannot exceed ${max} bytes, got ${sizeBytes}`,
  )
}

function parseRule(fields: readonly string[], line: number): Result<RedirectRule, TypeError> {
  // A control character would end up in a header.
  const odd = fields.find(hasControl)
  if (odd !== undefined)
    return expected('fields without control characters', JSON.stringify(shorten(odd)))
  const [path, ...rest] = fields as [string, ...string[]]
  const parameters = rest.findIndex((field) => !isParameter(field))
  const [to, status = '301', ...more] = parameters < 0 ? [] : rest.slice(parameters)
  const asked = parseFrom(path, parameters < 0 ? rest : rest.slice(0, parameters))
  if (asked.error) return asked
  if (to === undefined) return expected('"from to [status]"', 'no "to"')
  if (more.length > 0) return expected('"from to [status]"', `${more.length} fields more`)
  const { names, from, splatPrefix, query } = asked.ok
  const target = parseTarget(to, names)
  if (target.error) return target
  const known = STATUSES.get(status)
  if (known === undefined) return badStatus(status)
  return ok({ line, from, splatPrefix, query, to: target.ok, status: known })
}

/** Only what has a `=` and leads nowhere is a parameter; `to` starts with `/` or has a scheme. */
function isParameter(field: string): boolean {
  return field.includes('=') && !field.startsWith('/') && !field.includes('://')
}

function parseFrom(path: string, parameters: readonly string[]): Result<From, TypeError> {
  if (!path.startsWith('/')) return expected('"from" to start with "/"', `"${shorten(path)}"`)
  const star = path.indexOf('*')
  if (star >= 0 && star < path.length - 1)
    return expected('"*" at the end of "from" alone', `"${shorten(path)}"`)
  const names = path.split('/').filter((name) => name !== '')
  if (names.length > PATH_SEGMENTS_MAX)
    return expected(`<= ${PATH_SEGMENTS_MAX} names in "from"`, String(names.length))
  const splat = star < 0 ? undefined : names.pop()!.slice(0, -1)
  if (splat?.startsWith(':')) return expected('no "*" after a placeholder', `"${shorten(splat)}*"`)
  const from = names.map((name) => (name.startsWith(':') ? placeholderOf(name) : decoded(name)))
  const query = parameters.map(queryTest)
  const used = namesOf([...from, ...query.map(({ value }) => value)], splat !== undefined)
  if (used.error) return used
  const splatPrefix = splat === undefined ? undefined : decoded(splat)
  return ok({ from, splatPrefix, query, names: used.ok })
}

/** The names of placeholders; of a splat, `splat`. */
function namesOf(
  parts: readonly (string | Placeholder)[],
  hasSplat: boolean,
): Result<ReadonlySet<string>, TypeError> {
  if (!hasSplat && parts.every((part) => typeof part === 'string')) return ok(NO_NAMES)
  const names = new Set(hasSplat ? ['splat'] : [])
  for (const part of parts) {
    if (typeof part === 'string') continue
    const { placeholder } = part
    if (placeholder === '' || ![...placeholder].every((c) => isNameCharacter(c.codePointAt(0)!)))
      return expected('placeholders of letters, digits, "_", "-"', `":${shorten(placeholder)}"`)
    if (names.has(placeholder))
      return expected('each placeholder once in "from"', `":${shorten(placeholder)}" twice`)
    names.add(placeholder)
  }
  return ok(names)
}

function queryTest(parameter: string): QueryTest {
  const [[key, value] = ['', '']] = new URLSearchParams(parameter)
  return { key, value: value.startsWith(':') ? placeholderOf(value) : value }
}

function placeholderOf(text: string): Placeholder {
  return { placeholder: text.slice(1) }
}

/** A name as the path of a request is decoded; one that can't be is what it is. */
function decoded(name: string): string {
  if (!name.includes('%')) return name
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}

function badStatus(got: string): { readonly error: TypeError } {
  const known = `a status of ${REDIRECT_STATUSES.join(', ')}`
  const why = got.endsWith('!') ? ': an existing path is never redirected' : ''
  return expected(known, `"${shorten(got)}"${why}`)
}

function hasControl(field: string): boolean {
  for (let at = 0; at < field.length; at++) {
    const code = field.charCodeAt(at)
    if (code < 0x20 || code === 0x7f) return true
  }
  return false
}

function expected(what: string, got: string): { readonly error: TypeError } {
  return fail(new TypeError(`expected ${what}, got ${got}`))
}
