/**
 * The header of a denylist: of its YAML, what is acted upon.
 * Source: Compact Denylist Format (IPIP-383), "Header".
 * @module
 */
import { type DenyEffect, effectOfStatus } from './rule.ts'
import { fail, ok, type Result } from '../result.ts'

/** What a denylist says about itself. */
export interface DenyHeader {
  readonly name: string | undefined
  /** What a rule without a hint of its own says. */
  readonly effect: Exclude<DenyEffect, 'allow'>
}

/** Not a denylist, or one of a version that is not understood: nothing of it may be believed. */
export class DenylistMalformed extends Error {
  override readonly name = 'DenylistMalformed'
}

/** The header of a list that has none. */
export const NO_HEADER: DenyHeader = { name: undefined, effect: 'policy' }

/**
 * Reads a header, without the line that ends it. Only `version`, `name` and the hint
 * `gateway_status` are looked at; other fields, of whatever form, are passed over.
 *
 * @example
 * parseDenyHeader('version: 1\nhints:\n  gateway_status: 451').ok?.effect // 'legal'
 */
export function parseDenyHeader(text: string): Result<DenyHeader, DenylistMalformed> {
  let { name, effect } = NO_HEADER
  let section = ''
  for (const line of text.split(/\r?\n/)) {
    // Rules before a line of three hyphens would be lost if they were taken for a header.
    if (/^[!+]?\//.test(line)) return malformed('YAML before "---"', 'a rule')
    const match = /^( *)([\w-]+):(?:\s+(.*?))?\s*$/.exec(line)
    if (match === null) continue
    const [, indent = '', field = '', raw = ''] = match
    const value = unquoted(raw)
    if (indent === '') section = field
    const isTop = indent === ''
    if (isTop && field === 'version' && value !== '1') return malformed('version 1', value)
    if (isTop && field === 'name') name = value
    if (!isTop && section === 'hints' && field === 'gateway_status')
      effect = effectOfStatus(value) ?? effect
  }
  return ok({ name, effect })
}

function unquoted(text: string): string {
  return /^"(.*)"$/.exec(text)?.[1] ?? /^'(.*)'$/.exec(text)?.[1] ?? text.replace(/\s+#.*$/, '')
}

function malformed(expected: string, got: string): Result<never, DenylistMalformed> {
  return fail(new DenylistMalformed(`denylist expected ${expected}, got ${got.slice(0, 80)}`))
}
