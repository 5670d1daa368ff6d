/**
 * A denylist as one byte string that is searched as it lies: nothing is unpacked to use it. Half a
 * million hashed rules take 16.5 MB (33 bytes each; a `Set` of strings takes 69) and
 * are built in 0.3 s; a look-up among them takes 0.2 us, the hashes for it 6 (measured, Node 24).
 *
 * Layout, little endian: magic, count of hash functions and their codes; then for each kind of
 * subject the counts of keys, of rules with a path, and of their text's bytes; then, kind by kind,
 * sorted keys (32 bytes), one byte for each key, and the rules with a path: number of the key, end
 * in the text, a byte each; the text.
 * @module
 */
import { DENY_KEY_BYTES } from './keys.ts'
import type { DenySubject } from './rule.ts'

/** What a rule says, as two bits. */
export const EFFECT = { none: 0, policy: 1, legal: 2, allow: 3 } as const
/** Any of {@link EFFECT}. */
export type Effect = (typeof EFFECT)[keyof typeof EFFECT]

/** First bytes of a table: "TPD1". */
export const TABLE_MAGIC = 0x31445054
/** Kinds of subjects, in the order in which a table has them. */
export const SUBJECT_KINDS: readonly DenySubject['kind'][] = ['content', 'name', 'hashed']
/** A key's byte: its own effect, that of all paths below it, whether rules with a path follow. */
export const BELOW_SHIFT = 2
export const HAS_PATHS = 16
const EFFECTS = 15
/** A path rule's byte: its effect, and whether it covers what begins with its path. */
export const IS_PREFIX = 4
/** Bytes of a path rule beside its text. */
export const PATH_RULE_BYTES = 9

/** A denylist, packed by `DenyTableBuilder`. */
export class DenyTable {
  readonly bytes: Uint8Array
  /** Codes of the hash functions of its hashed rules. */
  readonly codes: readonly number[]
  /** Rules in force: what was overruled by a later line is not among them. */
  readonly ruleCount: number
  readonly #sections: Readonly<Record<DenySubject['kind'], Section>>

  /** @throws {RangeError} when `bytes` is no table */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (bytes.length < 8 || view.getUint32(0, true) !== TABLE_MAGIC)
      throw new RangeError('"bytes" expected a packed denylist, got something else')
    const codeCount = view.getUint32(4, true)
    this.codes = Array.from({ length: codeCount }, (_, i) => view.getUint32(8 + 4 * i, true))
    const countsAt = 8 + 4 * codeCount
    let at = countsAt + SUBJECT_KINDS.length * 12
    let ruleCount = 0
    const sections = SUBJECT_KINDS.map((_, i) => {
      const counts = [0, 4, 8].map((offset) => view.getUint32(countsAt + 12 * i + offset, true))
      const section = new Section(view, at, counts as [number, number, number])
      at = section.end
      ruleCount += section.ruleCount
      return section
    })
    if (at !== bytes.length)
      throw new RangeError(`"bytes" expected ${at} bytes of denylist, got ${bytes.length}`)
    const [content, name, hashed] = sections as [Section, Section, Section]
    this.#sections = { content, name, hashed }
    this.ruleCount = ruleCount
  }

  /** Whether it has a hashed rule. */
  get hasHashed(): boolean {
    return this.codes.length > 0
  }

  /** What it says of a path below a subject; `path` is empty for the subject itself. */
  effectOf(kind: DenySubject['kind'], key: Uint8Array, path: string): Effect {
    return this.#sections[kind].effectOf(key, path)
  }

  /** Rules of this table that `other` does not have just so. */
  countBeyond(other: DenyTable | undefined): number {
    if (other === undefined) return this.ruleCount
    let count = 0
    for (const kind of SUBJECT_KINDS)
      count += this.#sections[kind].countBeyond(other.#sections[kind])
    return count
  }
}

const utf8 = new TextDecoder()

/** Rules about one kind of subject. */
class Section {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  readonly #keysAt: number
  readonly #keyCount: number
  readonly #flagsAt: number
  readonly #pathsAt: number
  readonly #pathCount: number
  readonly #textAt: number
  readonly end: number
  readonly ruleCount: number

  constructor(view: DataView, at: number, [keys, paths, textBytes]: [number, number, number]) {
    this.#view = view
    this.#bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    this.#keysAt = at
    this.#keyCount = keys
    this.#flagsAt = at + keys * DENY_KEY_BYTES
    this.#pathsAt = this.#flagsAt + keys
    this.#pathCount = paths
    this.#textAt = this.#pathsAt + paths * PATH_RULE_BYTES
    this.end = this.#textAt + textBytes
    if (this.end > view.byteLength)
      throw new RangeError(`"bytes" expected >= ${this.end} of denylist, got ${view.byteLength}`)
    let ruleCount = paths
    for (let i = 0; i < keys; i++)
      if ((this.#bytes[this.#flagsAt + i]! & EFFECTS) !== 0) ruleCount++
    this.ruleCount = ruleCount
  }

  effectOf(key: Uint8Array, path: string): Effect {
    const index = this.#find(key)
    if (index < 0) return EFFECT.none
    const flags = this.#bytes[this.#flagsAt + index]!
    if (path === '') return (flags & 3) as Effect
    const special = (flags & HAS_PATHS) === 0 ? EFFECT.none : this.#pathEffect(index, path)
    return special === EFFECT.none ? (((flags >> BELOW_SHIFT) & 3) as Effect) : special
  }

  countBeyond(other: Section): number {
    let count = 0
    for (let i = 0; i < this.#keyCount; i++) {
      const at = this.#keysAt + i * DENY_KEY_BYTES
      const index = other.#find(this.#bytes.subarray(at, at + DENY_KEY_BYTES))
      const flags = this.#bytes[this.#flagsAt + i]!
      const before = index < 0 ? 0 : other.#bytes[other.#flagsAt + index]!
      const effects = flags & EFFECTS
      if (effects !== 0 && effects !== (before & EFFECTS)) count++
      if ((flags & HAS_PATHS) === 0) continue
      const known = new Set(index < 0 ? [] : other.#pathRules(index))
      for (const rule of this.#pathRules(i)) if (!known.has(rule)) count++
    }
    return count
  }

  /** Index of a key, or -1. */
  #find(key: Uint8Array): number {
    const bytes = this.#bytes
    let low = 0
    let high = this.#keyCount - 1
    while (low <= high) {
      const middle = (low + high) >>> 1
      const at = this.#keysAt + middle * DENY_KEY_BYTES
      let i = 0
      while (i < DENY_KEY_BYTES && bytes[at + i] === key[i]) i++
      if (i === DENY_KEY_BYTES) return middle
      if (bytes[at + i]! < key[i]!) low = middle + 1
      else high = middle - 1
    }
    return -1
  }

  /** What the last rule says that matches a path below key number `index`. */
  #pathEffect(index: number, path: string): Effect {
    const [first, end] = this.#pathSpan(index)
    for (let i = end - 1; i >= first; i--) {
      const flags = this.#pathFlags(i)
      const text = this.#pathText(i)
      const matches = (flags & IS_PREFIX) === 0 ? path === text : path.startsWith(text)
      if (matches) return (flags & 3) as Effect
    }
    return EFFECT.none
  }

  /** Path rules of one key, each as text that no other rule has. */
  #pathRules(index: number): string[] {
    const [first, end] = this.#pathSpan(index)
    const rules: string[] = []
    for (let i = first; i < end; i++) rules.push(`${this.#pathFlags(i)} ${this.#pathText(i)}`)
    return rules
  }

  /** Numbers of a key's path rules: the first, and one past the last. */
  #pathSpan(index: number): [first: number, end: number] {
    return [this.#firstPath(index), this.#firstPath(index + 1)]
  }

  #firstPath(index: number): number {
    let low = 0
    let high = this.#pathCount
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.#view.getUint32(this.#pathsAt + middle * PATH_RULE_BYTES, true) < index)
        low = middle + 1
      else high = middle
    }
    return low
  }

  #pathFlags(i: number): number {
    return this.#bytes[this.#pathsAt + i * PATH_RULE_BYTES + 8]!
  }

  #pathText(i: number): string {
    const start = i === 0 ? 0 : this.#pathEnd(i - 1)
    return utf8.decode(this.#bytes.subarray(this.#textAt + start, this.#textAt + this.#pathEnd(i)))
  }

  #pathEnd(i: number): number {
    return this.#view.getUint32(this.#pathsAt + i * PATH_RULE_BYTES + 4, true)
  }
}
