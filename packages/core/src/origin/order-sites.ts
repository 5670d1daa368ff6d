/**
 * The order in which a blob's sites are tried: as given, those that failed lately last.
 * @module
 */
import { ORIGIN_COOL_DOWN_MS, ORIGIN_COOL_DOWN_MS_MAX, ORIGIN_FAILURES_MAX } from '../limits.ts'
import type { BlobSite, OriginFault } from '../ports/blob.ts'
import type { Clock, Random } from '../ports/runtime.ts'
import { isTransient } from './faults.ts'

/** What is remembered of a provider or an address that failed. */
interface Failure {
  /** Failures in a row. */
  readonly count: number
  /** Monotonic ms until which it is tried last. */
  readonly untilMs: number
}

/** Remembers failures of sites, and orders sites by them. */
export interface SiteOrder {
  /** The sites in their order, those that cool down after all others, soonest over first. */
  order(sites: readonly BlobSite[]): readonly BlobSite[]
  /** Says that a read from `site` failed. Also for bytes that did not match their hash. */
  failed(site: BlobSite, fault: OriginFault): void
  /** Says that a read from `site` was verified. */
  succeeded(site: BlobSite): void
}

/**
 * Makes an empty memory of failures. An origin that is down or slow cools down as a whole; a lie,
 * a refusal or a missing blob says something of one address only. A site is never left out: when
 * all fail, each is still tried. At most `ORIGIN_FAILURES_MAX` failures are kept, oldest dropped.
 *
 * @example
 * const sites = orderSites({ clock, random })
 * for (const site of sites.order(blob.sites)) await tryRead(site)
 */
export function orderSites(deps: { readonly clock: Clock; readonly random: Random }): SiteOrder {
  const failures = new Map<string, Failure>()
  const untilOf = (site: BlobSite, nowMs: number): number => {
    const until = Math.max(
      failures.get(providerKey(site))?.untilMs ?? 0,
      failures.get(site.url)?.untilMs ?? 0,
    )
    return until > nowMs ? until : 0
  }
  return {
    order(sites) {
      if (failures.size === 0 || sites.length < 2) return sites
      const nowMs = deps.clock.monotonicMs()
      const ranked = sites.map((site) => ({ site, untilMs: untilOf(site, nowMs) }))
      return ranked.toSorted((a, b) => a.untilMs - b.untilMs).map(({ site }) => site)
    },
    failed(site, fault) {
      const key = isTransient(fault) ? providerKey(site) : site.url
      const count = (failures.get(key)?.count ?? 0) + 1
      const untilMs = deps.clock.monotonicMs() + coolDownMs(count, deps.random)
      // Deleted first, so that the map's order is by the last failure.
      failures.delete(key)
      failures.set(key, { count, untilMs })
      if (failures.size > ORIGIN_FAILURES_MAX) failures.delete(failures.keys().next().value!)
    },
    succeeded(site) {
      failures.delete(providerKey(site))
      failures.delete(site.url)
    },
  }
}

/** Provider names and addresses share one map; a provider alone may look like an address. */
function providerKey(site: BlobSite): string {
  return `provider ${site.provider}`
}

/** Half to all of the doubled base: processes that failed together shall not return together. */
function coolDownMs(count: number, random: Random): number {
  const full = Math.min(ORIGIN_COOL_DOWN_MS * 2 ** (count - 1), ORIGIN_COOL_DOWN_MS_MAX)
  return (full * (1 + random.bytes(1)[0]! / 255)) / 2
}
