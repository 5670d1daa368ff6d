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
import { DENY_ANSWERS_KEPT_MAX } from '../limits/deny.ts'
import type { Denylist, DenyVerdict } from '../ports/deny.ts'
import { type DenyTable, EFFECT, type Effect } from './table.ts'
import type { DenySubject } from './rule.ts'
import { denyNameOf } from './rule.ts'
import type { Hasher } from '../ports/runtime.ts'
import type { Link } from '../link.ts'
import { keyOf } from '../bytes.ts'

type Verdict = DenyVerdict | 'allowed' | undefined

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
  /** Answers that took hashing: a block is asked for when it is read ahead and when it is sent. */
  readonly #answers = new Map<string, Verdict>()

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
    this.#answers.clear()
    this.generation++
  }

  content(link: Link, segments: readonly string[]): Verdict {
    if (this.empty) return undefined
    const path = segments.join('/')
    const { multihash, codec } = link
    const key = contentKey(multihash, this.#hasher)
    const judge = (): Verdict => this.#verdict('content', key, path, () => contentTexts(link, path))
    if (this.#codes.size === 0 || segments.length > 0) return judge()
    return this.#remembered(`${codec} ${keyOf(multihash)}`, judge)
  }

  name(text: string, segments: readonly string[]): Verdict {
    const name = this.empty ? undefined : denyNameOf(text)
    if (name === undefined) return undefined
    const path = segments.join('/')
    const key = nameKey(name, this.#hasher)
    const verdict = this.#verdict('name', key, path, () => nameTexts(name, path))
    if (verdict !== undefined || path === '') return verdict
    // Nothing below a name is reached but through it.
    return this.#verdict('name', key, '', () => nameTexts(name, ''))
  }

  #remembered(question: string, judge: () => Verdict): Verdict {
    const answer = this.#answers.get(question)
    if (answer !== undefined || this.#answers.has(question)) return answer
    if (this.#answers.size >= DENY_ANSWERS_KEPT_MAX) this.#answers.clear()
    const verdict = judge()
    this.#answers.set(question, verdict)
    return verdict
  }

  #verdict(
    kind: DenySubject['kind'],
    key: Uint8Array,
    path: string,
    texts: () => HashedTexts,
  ): Verdict {
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
