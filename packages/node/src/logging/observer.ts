/**
 * An observer that counts everything and logs what somebody should look at.
 * @module
 */
import type { Logger } from 'pino'
import { LOG_WARNINGS_PER_SECOND_MAX } from '@turnpike/core/limits'
import { linkFromBytes, linkToString } from '@turnpike/core/link'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'
import type { ReadEntry } from '@turnpike/core/log/entry'
import type { Clock, Hasher } from '@turnpike/core/ports/runtime'
import type { Observer } from '@turnpike/gateway/observer'
import type { Tally } from '../metrics/tally.ts'

/** What an observer is made of. */
export interface ObserverDeps {
  readonly tally: Tally
  readonly log: Logger
  readonly hasher: Hasher
  readonly clock: Clock
}

/**
 * Makes the observer of a process that serves. Reads are logged at `debug`, those that failed here
 * and faults of origins at `warn`, and of those so many a second, since one dead origin can cause a
 * warning for each request.
 *
 * @example
 * const observer = createObserver({ tally: new Tally(), log, hasher, clock })
 */
export function createObserver({ tally, log, hasher, clock }: ObserverDeps): Observer {
  const allowed = perSecond(clock, LOG_WARNINGS_PER_SECOND_MAX)
  return {
    read(entry, durationMs, errorName) {
      tally.read(entry, durationMs)
      const failed = entry.status >= 500 && errorName !== undefined
      if (failed ? !allowed() : !log.isLevelEnabled('debug')) return
      const line = readLine(entry, durationMs, hasher)
      if (failed) log.warn({ ...line, error: errorName }, 'read failed')
      else log.debug({ ...line, error: errorName }, 'read')
    },
    unrecorded() {
      tally.unrecorded()
      if (allowed()) log.error('refused a request: the journal has no room')
    },
    denied: (reason) => log.debug({ reason }, 'denied'),
    cache: (name, hit) => tally.cache(name, hit),
    originRequest: (provider) => tally.originRequest(provider),
    originFault(fault) {
      tally.originFault(fault)
      // Its message may name an address that somebody else chose.
      if (allowed()) log.warn({ origin: fault.provider, fault: fault.name }, 'origin fault')
    },
    service: (route, status) => tally.service(route, status),
    crash(error) {
      tally.crash()
      if (allowed()) log.error({ err: error }, 'invariant broken')
    },
  }
}

/** A read in the log: `request` is what its client knows as `X-Receipt-Id`. */
function readLine(entry: ReadEntry, durationMs: number, hasher: Hasher): object {
  const link = entry.cid === null ? undefined : linkFromBytes(entry.cid)
  return {
    request: receiptIdOf(entry.id, hasher),
    status: entry.status,
    bytes: Number(entry.bytes),
    ms: Math.round(durationMs * 10) / 10,
    domain: entry.domain,
    space: entry.space,
    cid: link && linkToString(link),
    flags: entry.flags,
  }
}

/** Says yes at most `max` times in each second. */
function perSecond(clock: Clock, max: number): () => boolean {
  let startedMs = -Infinity
  let count = 0
  return () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - startedMs >= 1000) {
      startedMs = nowMs
      count = 0
    }
    count += 1
    return count <= max
  }
}
