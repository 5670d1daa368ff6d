/**
 * Packs rules, in the order of their lines, into a table in which the last that matches holds.
 * @module
 */
import {
  DENY_HASHES_MAX,
  DENY_PATHS_MAX,
  DENY_RULES_MAX,
  DENY_SUBJECT_PATHS_MAX,
} from '../limits/deny.ts'
import { DENY_KEY_BYTES, denyKeyOf } from './keys.ts'
import { fail, ok, type Result, type Unit } from '../result.ts'
import {
  BELOW_SHIFT,
  DenyTable,
  EFFECT,
  type Effect,
  HAS_PATHS,
  IS_PREFIX,
  PATH_RULE_BYTES,
  SUBJECT_KINDS,
  TABLE_MAGIC,
} from './table.ts'
import type { DenyRule, DenySubject } from './rule.ts'
import { concatBytes } from '../bytes.ts'
import type { Hasher } from '../ports/runtime.ts'

/** A denylist has more than a process can hold of it, or hashes in more ways than are tried. */
export class DenylistTooLarge extends Error {
  override readonly name = 'DenylistTooLarge'
}

/** A rule hashes by a function that this runtime does not know: it could never match. */
export class DenyHashUnknown extends Error {
  override readonly name = 'DenyHashUnknown'
  readonly code: number
  constructor(code: number) {
    super(`hash function of a rule expected to be known, got 0x${code.toString(16)}`)
    this.code = code
  }
}

/**
 * Collects rules and packs them.
 *
 * @example
 * const builder = new DenyTableBuilder(hasher)
 * builder.add(parseDenyRule('/ipfs/bafkqaaa').ok!)
 * const table = builder.build()
 */
export class DenyTableBuilder {
  readonly #hasher: Hasher
  readonly #codes = new Set<number>()
  readonly #columns: Readonly<Record<DenySubject['kind'], Column>>
  #paths = 0

  constructor(hasher: Hasher) {
    this.#hasher = hasher
    this.#columns = { content: new Column(), name: new Column(), hashed: new Column() }
  }

  /** Rules so far, overruled ones included. */
  get size(): number {
    return SUBJECT_KINDS.reduce((sum, kind) => sum + this.#columns[kind].size, 0)
  }

  add(rule: DenyRule): Result<Unit, DenylistTooLarge | DenyHashUnknown> {
    const { subject, path, prefix } = rule
    if (this.size >= DENY_RULES_MAX) return tooLarge(`${DENY_RULES_MAX} rules`)
    const isPath = path !== ''
    if (isPath && this.#paths >= DENY_PATHS_MAX) return tooLarge(`${DENY_PATHS_MAX} with a path`)
    if (subject.kind === 'hashed') {
      const { code } = subject
      if (this.#hasher.digest(code, new Uint8Array(0)) === undefined)
        return fail(new DenyHashUnknown(code))
      if (!this.#codes.has(code) && this.#codes.size >= DENY_HASHES_MAX)
        return tooLarge(`${DENY_HASHES_MAX} hash functions`)
      this.#codes.add(code)
    }
    if (isPath) this.#paths++
    const effect = EFFECT[rule.effect]
    const key = denyKeyOf(subject, this.#hasher)
    this.#columns[subject.kind].add(key, isPath ? { effect, path, prefix } : effect, prefix)
    return ok({})
  }

  /** @returns `DenylistTooLarge` for more paths below one subject than a check may look at */
  build(): Result<DenyTable, DenylistTooLarge> {
    const sections = SUBJECT_KINDS.map((kind) => this.#columns[kind].build())
    if (sections.some((section) => section.subjectPathsMax > DENY_SUBJECT_PATHS_MAX))
      return tooLarge(`${DENY_SUBJECT_PATHS_MAX} paths below one subject`)
    const codes = [...this.#codes]
    const head = new Uint32Array([
      TABLE_MAGIC,
      codes.length,
      ...codes,
      ...sections.flatMap(({ counts }) => counts),
    ])
    const headBytes = new Uint8Array(head.length * 4)
    const view = new DataView(headBytes.buffer)
    for (const [i, word] of head.entries()) view.setUint32(4 * i, word, true)
    return ok(new DenyTable(concatBytes([headBytes, ...sections.flatMap(({ parts }) => parts)])))
  }
}

function tooLarge(bound: string): Result<never, DenylistTooLarge> {
  return fail(new DenylistTooLarge(`denylist expected <= ${bound}, got more`))
}

interface PathRule {
  readonly effect: Effect
  readonly path: string
  readonly prefix: boolean
}

/** What one section of a table is written from. */
interface SectionParts {
  readonly counts: readonly [keys: number, paths: number, textBytes: number]
  readonly parts: readonly Uint8Array[]
  readonly subjectPathsMax: number
}

const FIRST_ROWS = 64
/** Rows are numbered by 21 bits beside 32 bits of a key in one double, which sorts fast. */
const ROW_SCALE = 2 ** 21
/** A row's byte: its effect, and whether it covers all that is below, too. */
const COVERS_BELOW = 4
const utf8 = new TextEncoder()

/** Rules about one kind of subject, in the order in which they came. */
class Column {
  size = 0
  #keys = new Uint8Array(FIRST_ROWS * DENY_KEY_BYTES)
  #rows = new Uint8Array(FIRST_ROWS)
  readonly #paths = new Map<number, PathRule>()

  add(key: Uint8Array, what: PathRule | Effect, coversBelow: boolean): void {
    if (this.size === this.#rows.length) this.#grow()
    this.#keys.set(key, this.size * DENY_KEY_BYTES)
    if (typeof what === 'object') this.#paths.set(this.size, what)
    else this.#rows[this.size] = what | (coversBelow ? COVERS_BELOW : 0)
    this.size++
  }

  build(): SectionParts {
    const order = this.#sorted()
    const keys = new Uint8Array(this.size * DENY_KEY_BYTES)
    const flags = new Uint8Array(this.size)
    const paths = new PathList()
    let count = 0
    let subjectPathsMax = 0
    for (let i = 0; i < order.length;) {
      const first = order[i]!
      const rows: number[] = []
      while (i < order.length && this.#compare(order[i]!, first) === 0) rows.push(order[i++]!)
      const { own, below, rules } = this.#fold(rows)
      const at = first * DENY_KEY_BYTES
      keys.set(this.#keys.subarray(at, at + DENY_KEY_BYTES), count * DENY_KEY_BYTES)
      flags[count] = own | (below << BELOW_SHIFT) | (rules.length > 0 ? HAS_PATHS : 0)
      subjectPathsMax = Math.max(subjectPathsMax, rules.length)
      for (const rule of rules) paths.add(count, rule)
      count++
    }
    const listed = paths.build()
    return {
      counts: [count, paths.size, listed.text.length],
      parts: [
        keys.subarray(0, count * DENY_KEY_BYTES),
        flags.subarray(0, count),
        listed.rules,
        listed.text,
      ],
      subjectPathsMax,
    }
  }

  /** What is left of a subject's rules when each overrules those before it. */
  #fold(rows: readonly number[]): { own: Effect; below: Effect; rules: PathRule[] } {
    let own: Effect = EFFECT.none
    let below: Effect = EFFECT.none
    let rules = new Map<string, PathRule>()
    for (const row of rows) {
      const rule = this.#paths.get(row)
      const flags = this.#rows[row]!
      if (rule !== undefined) {
        // The later of two about the same path takes its place among the others.
        const name = `${rule.prefix ? 'all ' : 'one '}${rule.path}`
        rules.delete(name)
        rules.set(name, rule)
        continue
      }
      own = (flags & 3) as Effect
      if ((flags & COVERS_BELOW) === 0) continue
      below = own
      rules = new Map()
    }
    return { own, below, rules: [...rules.values()] }
  }

  /** Numbers of rows by key, those of one key as they came. */
  #sorted(): Uint32Array {
    const view = new DataView(this.#keys.buffer)
    const marked = new Float64Array(this.size)
    for (let i = 0; i < this.size; i++)
      marked[i] = view.getUint32(i * DENY_KEY_BYTES) * ROW_SCALE + i
    marked.sort()
    const order = Uint32Array.from(marked, (mark) => mark % ROW_SCALE)
    // Keys that begin alike are rare, and so sorted one by one.
    for (let start = 0; start < order.length;) {
      const head = Math.floor(marked[start]! / ROW_SCALE)
      let end = start + 1
      while (end < order.length && Math.floor(marked[end]! / ROW_SCALE) === head) end++
      if (end - start > 1) order.subarray(start, end).sort((a, b) => this.#compare(a, b) || a - b)
      start = end
    }
    return order
  }

  #compare(a: number, b: number): number {
    if (a === b) return 0
    const keys = this.#keys
    for (let i = 0; i < DENY_KEY_BYTES; i++) {
      const difference = keys[a * DENY_KEY_BYTES + i]! - keys[b * DENY_KEY_BYTES + i]!
      if (difference !== 0) return difference
    }
    return 0
  }

  #grow(): void {
    const keys = new Uint8Array(this.#keys.length * 2)
    keys.set(this.#keys)
    this.#keys = keys
    const rows = new Uint8Array(this.#rows.length * 2)
    rows.set(this.#rows)
    this.#rows = rows
  }
}

/** Rules with a path, on their way into a section. */
class PathList {
  readonly #rules: Uint8Array[] = []
  readonly #texts: Uint8Array[] = []
  #textBytes = 0

  get size(): number {
    return this.#rules.length
  }

  add(keyIndex: number, { effect, path, prefix }: PathRule): void {
    const text = utf8.encode(path)
    this.#texts.push(text)
    this.#textBytes += text.length
    const rule = new Uint8Array(PATH_RULE_BYTES)
    const view = new DataView(rule.buffer)
    view.setUint32(0, keyIndex, true)
    view.setUint32(4, this.#textBytes, true)
    rule[8] = effect | (prefix ? IS_PREFIX : 0)
    this.#rules.push(rule)
  }

  build(): { rules: Uint8Array; text: Uint8Array } {
    return { rules: concatBytes(this.#rules), text: concatBytes(this.#texts) }
  }
}
