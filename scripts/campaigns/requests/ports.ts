/**
 * Ports of the gateway under random requests: each answers in every way that it may, by what it is
 * asked, so that the same requests come to the same answers.
 * @module
 */
import { linkFromString, linkToString, type Link } from '@turnpike/core/link'
import type { Denylist, DenyVerdict } from '@turnpike/core/ports/deny'
import {
  NameInvalid,
  NameNotFound,
  NameRefused,
  NamesFull,
  NameUnavailable,
  type NameRecords,
  type NameResolver,
} from '@turnpike/core/ports/names'
import { fail, ok } from '@turnpike/core/result'

/** Names that lead to one of `roots` each, but for some. */
export function wildNames(roots: readonly string[]): NameResolver {
  return {
    resolve: (name) => {
      const at = name.length % (roots.length + 3)
      const root = linkFromString(roots[at] ?? '')
      if (root !== undefined) return ok({ root, segments: [], ttlMs: at === 0 ? undefined : at })
      if (at === roots.length) return fail(new NameNotFound(name, 'no record'))
      if (at === roots.length + 1) return fail(new NameInvalid(name, 'bad record'))
      return fail(new NameUnavailable(name, 'nobody answers'))
    },
    hasDnsLink: (host) => host.length % 2 === 0,
  }
}

/** Records of any kind: none, bad ones, good ones; kept or not. */
export const wildRecords: NameRecords = {
  find(name) {
    const kind = name.at(-1)! % 4
    if (kind === 0) return fail(new NameNotFound('', 'no record'))
    const bytes = new Uint8Array(100 + kind)
    if (kind === 1) return ok({ bytes, record: undefined, ttlMs: undefined })
    const record = { value: '/ipfs/bafkqaaa', sequence: 1n, eolMs: 2e12, ttlMs: 1000 }
    return ok({ bytes, record, ttlMs: kind === 2 ? 1000 : undefined })
  },
  async publish(_name, { length }) {
    if (length % 4 === 0) return fail(new NameRefused('no record'))
    if (length % 4 === 1) return fail(new NamesFull('no room'))
    return length % 4 === 2 ? fail(new NameUnavailable('', 'nobody answers')) : ok({})
  },
}

/** Denies some of what there is. */
export const wildDenylist: Denylist = {
  generation: 0,
  empty: false,
  content: (link: Link, segments) => verdictOn(linkToString(link), segments),
  name: (text, segments) => verdictOn(text, segments),
}

function verdictOn(text: string, segments: readonly string[]): DenyVerdict | undefined {
  if (segments.includes('link')) return { kind: 'legal', reason: 'test' }
  return text.charCodeAt(text.length - 1) % 8 === 0 ? { kind: 'policy', reason: 'test' } : undefined
}
