/**
 * Port for what operators watch: counts and durations, never content or clients.
 * @module
 */
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { OriginFault } from '@turnpike/core/ports/blob'

/** Caches that report hits. */
export type CacheName = 'answer' | 'block' | 'node'

/** Hears what happens on the read path. Calls must not throw and cost next to nothing. */
export interface Observer {
  /** A read ended and was recorded. `durationMs` from the request's start to the body's end. */
  read(entry: ReadEntry, durationMs: number, errorName: string | undefined): void
  /** A request found no room in the journal and was refused without a record. */
  unrecorded(): void
  /** A denylist refused a read, or ended one. The reason names the list. */
  denied(reason: string): void
  cache(name: CacheName, hit: boolean): void
  originRequest(provider: string): void
  originFault(fault: OriginFault): void
  /** Something that is no content was answered: by route, such as `receipt`. */
  service(route: string, status: number): void
  /** An invariant broke; the request was answered with 500 or its connection destroyed. */
  crash(error: unknown): void
}

/** An observer that hears nothing, for tests and examples. */
export const silentObserver: Observer = {
  read() {},
  unrecorded() {},
  denied() {},
  cache() {},
  originRequest() {},
  originFault() {},
  service() {},
  crash() {},
}
