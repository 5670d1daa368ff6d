/**
 * Several denylists as one, in memory.
 * @module
 */
import {
  contentKey,
  contentTexts,
  type HashedTexts,
  keysOfTexts,
  nameKey,
  nameTexts,
} from './keys.ts'
import type { Denylist, DenyVerdict } from '../ports/deny.ts'
import { type DenyTable, EFFECT, type Effect } from './table.ts'
import type { DenySubject } from './rule.ts'
import { denyNameOf } from './rule.ts'
import type { Hasher } from '../ports/runtime.ts'
import type { Link } from '../link.ts'

/** A denylist by its name. */
export interface NamedTable {
  readonly name: string
  readonly table: DenyTable
}

/**
 * Denylists in their order: of two that say something about the same, the later one holds. Within
 * one list, what is said in clear text holds before what is said by hashes.
 *
 * @example
 * const denylist = new Denylists(hasher)
 * denylist.replace([{ name: 'badbits', table }])
 * denylist.content(link, [])?.kind
 */
export class Denylists implements Denylist {
  generation = 0
  readonly #hasher: Hasher
  /** The one that holds first is first. */
  #lists: readonly NamedTable[] = []
  #codes: ReadonlySet<number> = new Set()

  constructor(hasher: Hasher) {
    this.#hasher = hasher
  }

  get empty(): boolean {
    return this.#lists.length === 0
  }

  /** Puts other lists in force, all at once. */
  replace(lists: readonly NamedTable[]): void {
    this.#lists = lists.filter(({ table }) => table.ruleCount > 0).toReversed()
    this.#codes = new Set(this.#lists.flatMap(({ table }) => table.codes))
    this.generation++
  }

  content(link: Link, segments: readonly string[]): DenyVerdict | 'allowed' | undefined {
    if (this.empty) return undefined
    const path = segments.join('/')
    const key = contentKey(link.multihash, this.#hasher)
    return this.#verdict('content', key, path, () => contentTexts(link, path))
  }

  name(text: string, segments: readonly string[]): DenyVerdict | 'allowed' | undefined {
    const name = this.empty ? undefined : denyNameOf(text)
    if (name === undefined) return undefined
    const path = segments.join('/')
    const key = nameKey(name, this.#hasher)
    return this.#verdict('name', key, path, () => nameTexts(name, path))
  }

  #verdict(
    kind: DenySubject['kind'],
    key: Uint8Array,
    path: string,
    texts: () => HashedTexts,
  ): DenyVerdict | 'allowed' | undefined {
    let hashedKeys: readonly Uint8Array[] | undefined
    for (const { name, table } of this.#lists) {
      let effect = table.effectOf(kind, key, path)
      if (effect === EFFECT.none && table.hasHashed) {
        hashedKeys ??= keysOfTexts(texts(), this.#codes, this.#hasher)
        effect = hashedEffect(table, hashedKeys)
      }
      if (effect === EFFECT.allow) return 'allowed'
      if (effect !== EFFECT.none)
        return { kind: effect === EFFECT.legal ? 'legal' : 'policy', reason: `denylist ${name}` }
    }
    return undefined
  }
}

function hashedEffect(table: DenyTable, keys: readonly Uint8Array[]): Effect {
  for (const key of keys) {
    const effect = table.effectOf('hashed', key, '')
    if (effect !== EFFECT.none) return effect
  }
  return EFFECT.none
}
