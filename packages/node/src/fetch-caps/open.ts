/**
 * Caps on what is fetched, for a process that serves.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { FETCH_REPORT_MS } from '@turnpike/core/limits'
import type { Clock } from '@turnpike/core/ports/runtime'
import { FetchCaps, type FetchedRow } from '@turnpike/gateway/admission/fetch-caps'
import type { BoundSettings } from '../config/bounds.ts'
import { callOwner } from '../control/client.ts'
import { FetchedBooks } from './books.ts'
import type { FetchedParams } from './operation.ts'

/** What caps are opened with. */
export interface OpenFetchCaps {
  readonly settings: Pick<BoundSettings, 'spaceFetchBytesPerDay' | 'originFetchBytesPerDay'> & {
    readonly data: string
  }
  /** A connection to the folder's catalog, which may be read-only. */
  readonly catalog: DatabaseSync
  readonly clock: Clock
  /** Hears of what should not happen. */
  readonly onFault: (error: unknown) => void
}

/** Caps that are kept by the books. */
export interface OpenedFetchCaps {
  /** Undefined where nothing is capped. */
  readonly caps: FetchCaps | undefined
  /** Puts the last on the books. */
  close(): Promise<void>
}

/** The owner is starting, stopping or busy: the next report has these rows, too. */
const AWAY: ReadonlySet<string> = new Set(['NobodyThere', 'ControlLost', 'ThreadEnded'])

/**
 * Opens the caps of the settings. What the process fetches goes on the books, by the folder's
 * owner, once a second.
 *
 * @example
 * const { caps, close } = openFetchCaps({ settings, catalog, clock: nodeClock, onFault })
 */
export function openFetchCaps({
  settings,
  catalog,
  clock,
  onFault,
}: OpenFetchCaps): OpenedFetchCaps {
  const { data, spaceFetchBytesPerDay: space, originFetchBytesPerDay: origin } = settings
  if (space === undefined && origin === undefined) return { caps: undefined, async close() {} }
  const caps = new FetchCaps({
    clock,
    totals: new FetchedBooks(catalog, onFault),
    spaceBytesMax: space === undefined ? undefined : BigInt(space),
    originBytesMax: origin === undefined ? undefined : BigInt(origin),
  })
  let reporting: Promise<void> | undefined
  const report = async (): Promise<void> => {
    const rows = caps.collect()
    if (rows.length === 0) return
    const { error } = await callOwner(data, 'fetched', paramsOf(rows))
    caps.settled(error === undefined)
    if (error !== undefined && !AWAY.has(error.name)) onFault(error)
  }
  const next = (): Promise<void> =>
    (reporting ??= report().finally(() => {
      reporting = undefined
    }))
  const timer = setInterval(() => void next(), FETCH_REPORT_MS)
  return {
    caps,
    async close() {
      clearInterval(timer)
      await reporting
      await next()
    },
  }
}

function paramsOf(rows: readonly FetchedRow[]): FetchedParams {
  return { rows: rows.map(({ day, key, bytes }) => [day, key, String(bytes)]) }
}
