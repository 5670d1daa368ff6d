/**
 * A log store, journals and a clock in memory, with faults on demand, for tests.
 * @module
 */
import { bundledBytes } from '@turnpike/core/merkle/bundle'
import type { JournalBatch, JournalSource } from '@turnpike/core/ports/log'
import { CommitConflict } from '@turnpike/core/ports/log-store'
import type { CommittedValue, LogFile, LogStore } from '@turnpike/core/ports/log-store'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Result, Unit } from '@turnpike/core/result'

/** How a write fails: before it took place, or after. */
export type FaultKind = 'not persisted' | 'persisted but reported failed'

/** Fails the `n`th write from now on; counts writes otherwise. */
export class Faults {
  writes: number = 0
  #at = Number.POSITIVE_INFINITY
  #kind: FaultKind = 'not persisted'

  plan(at: number, kind: FaultKind): void {
    this.writes = 0
    this.#at = at
    this.#kind = kind
  }

  run<T>(write: () => T): T {
    const fails = this.writes++ === this.#at
    if (fails && this.#kind === 'not persisted') throw new Error('disk failed')
    const result = write()
    if (fails) throw new Error('disk failed')
    return result
  }
}

/** Keeps what was written; each file of a `put` is a write of its own. */
export class MemoryLogStore implements LogStore {
  readonly files: Map<string, Uint8Array> = new Map<string, Uint8Array>()
  readonly #faults: Faults
  #head: CommittedValue | undefined

  constructor(faults: Faults = new Faults()) {
    this.#faults = faults
  }

  load(): CommittedValue | undefined {
    return this.#head
  }

  compareAndSwap(version: number, bytes: Uint8Array): Result<Unit, CommitConflict> {
    const current = this.#head?.version ?? 0
    if (current !== version) return fail(new CommitConflict(version, current))
    return this.#faults.run(() => {
      this.#head = { version: version + 1, bytes: bytes.slice() }
      return ok({})
    })
  }

  async put(files: readonly LogFile[]): Promise<void> {
    for (const { path, bytes } of files)
      this.#faults.run(() => this.files.set(path, new Uint8Array(bytes)))
  }

  async drop(paths: readonly string[]): Promise<void> {
    for (const path of paths) this.#faults.run(() => this.files.delete(path))
  }

  get(path: string): Uint8Array | undefined {
    return this.files.get(path)?.slice()
  }
}

/** A journal whose entries are durable at once; `release` drops what is before. */
export class MemoryJournal implements JournalSource {
  readonly name: string
  released: number = 0
  readonly #faults: Faults
  readonly #groups: { readonly first: number; readonly group: readonly Uint8Array[] }[] = []
  #next = 0

  constructor(name: string, faults: Faults = new Faults()) {
    this.name = name
    this.#faults = faults
  }

  append(group: readonly Uint8Array[]): void {
    this.#groups.push({ first: this.#next, group })
    this.#next += group.length
  }

  async read(fromEntry: number, bytesMax: number): Promise<JournalBatch> {
    if (fromEntry < this.released) throw new Error(`entry ${fromEntry} was released`)
    const groups: (readonly Uint8Array[])[] = []
    let nextEntry = fromEntry
    let bytes = 0
    for (const { first, group } of this.#groups) {
      if (first < fromEntry) continue
      if (bytes >= bytesMax) break
      groups.push(group)
      nextEntry = first + group.length
      for (const entry of group) bytes += bundledBytes(entry)
    }
    return { groups, nextEntry }
  }

  async release(beforeEntry: number): Promise<void> {
    this.#faults.run(() => {
      this.released = beforeEntry
      while (this.#groups.length > 0 && this.#groups[0]!.first < beforeEntry) this.#groups.shift()
    })
  }
}

/** A clock that moves when it is told to. */
export class TestClock implements Clock {
  #wallMs: number
  #monotonicMs = 1_000_000

  constructor(wallMs: number) {
    this.#wallMs = wallMs
  }

  nowMs(): number {
    return this.#wallMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  /** Time passes, on both clocks. */
  pass(ms: number): void {
    this.#wallMs += ms
    this.#monotonicMs += ms
  }

  /** Somebody sets the wall clock. */
  set(ms: number): void {
    this.#wallMs += ms
  }
}
