/**
 * What the owner of a data folder does for processes that count what they fetch.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { FETCH_KEYS_KEPT_MAX } from '@turnpike/core/limits'
import { DID_CHARS_MAX } from '@turnpike/core/limits/ucan'
import { fail, ok } from '@turnpike/core/result'
import type { FetchedRow } from '@turnpike/gateway/admission/fetch-caps'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { addFetched } from './books.ts'

/** Its longest key: a kind and a DID. */
const KEY_CHARS_MAX: number = 'origin '.length + DID_CHARS_MAX

/** Parameters of the operation `fetched`. */
export interface FetchedParams {
  /** At most `FETCH_KEYS_KEPT_MAX` and one for all others; bytes as decimal digits. */
  readonly rows: readonly (readonly [day: number, key: string, bytes: string])[]
}

/** Puts rows on the books. A call that is lost may have been made: then they count twice. */
export function fetchedOperation(catalog: DatabaseSync): Operation {
  return async (params) => {
    const rows = rowsOf(params)
    if (rows === undefined)
      return fail(new InvalidParams('"rows" expected [day, key, bytes] of what was fetched'))
    addFetched(catalog, rows)
    return ok({})
  }
}

function rowsOf(params: unknown): readonly FetchedRow[] | undefined {
  const { rows } = (params ?? {}) as { readonly rows?: unknown }
  if (!Array.isArray(rows) || rows.length === 0 || rows.length > FETCH_KEYS_KEPT_MAX + 1)
    return undefined
  const read = rows.map(rowOf)
  return read.every((row) => row !== undefined) ? read : undefined
}

function rowOf(row: unknown): FetchedRow | undefined {
  if (!Array.isArray(row)) return undefined
  const [day, key, bytes] = row as readonly unknown[]
  if (typeof day !== 'number' || !Number.isSafeInteger(day)) return undefined
  if (typeof key !== 'string' || key.length > KEY_CHARS_MAX) return undefined
  if (typeof bytes !== 'string' || !/^\d{1,18}$/.test(bytes)) return undefined
  return { day, key, bytes: BigInt(bytes) }
}
