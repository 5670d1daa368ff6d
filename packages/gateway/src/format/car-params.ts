/**
 * Parameters of a CAR: which blocks, in which order, repeated or not.
 * Source: trustless gateway specification, "CAR Response" and its request parameters.
 * @module
 */
import { type Result, fail, ok } from '@turnpike/core/result'
import type { ByteRange } from '@turnpike/core/range'
import { RequestError } from '../errors.ts'

/** Which blocks below a path's end belong to the answer. */
export type DagScope = 'all' | 'entity' | 'block'

/** Bytes of an entity as they were asked for: inclusive; a negative number counts from its end. */
export interface EntityBytes {
  readonly from: number
  /** Undefined is the end. */
  readonly to: number | undefined
}

/** How a CAR is to be made. */
export interface CarParams {
  readonly scope: DagScope
  readonly bytes: EntityBytes | undefined
  /** `unk` leaves the order to us, which is depth first, too. */
  readonly order: 'dfs' | 'unk'
  /** Whether a block is sent as often as it is met. */
  readonly dups: boolean
}

const NO_PARAMS: ReadonlyMap<string, string> = new Map()

/**
 * Reads the parameters of a CAR from the query, which wins, and from the type in Accept.
 *
 * @returns `InvalidRequest` for a value that does not exist
 * @example
 * parseCarParams(new URLSearchParams('dag-scope=entity&entity-bytes=0:99')).ok?.bytes
 * // { from: 0, to: 99 }
 */
export function parseCarParams(
  query: URLSearchParams,
  accepted: ReadonlyMap<string, string> = NO_PARAMS,
): Result<CarParams, RequestError> {
  const valueOf = (name: string, otherwise: string): string =>
    query.get(`car-${name}`) ?? accepted.get(name) ?? otherwise
  const version = valueOf('version', '1')
  if (version !== '1') return fail(wrong('CAR version', '1', version))
  const order = valueOf('order', 'dfs')
  if (order !== 'dfs' && order !== 'unk') return fail(wrong('CAR order', 'dfs or unk', order))
  const dups = valueOf('dups', 'n')
  if (dups !== 'y' && dups !== 'n') return fail(wrong('CAR dups', 'y or n', dups))
  const scope = query.get('dag-scope') ?? 'all'
  if (scope !== 'all' && scope !== 'entity' && scope !== 'block')
    return fail(wrong('dag-scope', 'all, entity or block', scope))
  const text = query.get('entity-bytes')
  const rest = { order, dups: dups === 'y' } as const
  if (text === null) return ok({ scope, bytes: undefined, ...rest })
  const bytes = parseEntityBytes(text)
  if (bytes.error) return bytes
  if (scope === 'block') return ok({ scope, bytes: undefined, ...rest })
  return ok({ scope: 'entity', bytes: bytes.ok, ...rest })
}

function parseEntityBytes(text: string): Result<EntityBytes, RequestError> {
  const match = /^(-?\d{1,15}):(\*|-?\d{1,15})$/.exec(text)
  if (match === null)
    return fail(wrong('entity-bytes', '<from>:<to>, integers or * as the end', text))
  const from = Number(match[1])
  const to = match[2] === '*' ? undefined : Number(match[2])
  const sameEnd = to !== undefined && isFromEnd(match[1]!) === isFromEnd(match[2]!)
  if (sameEnd && from > to) return fail(wrong('entity-bytes', 'from <= to', text))
  return ok({ from, to })
}

function isFromEnd(text: string): boolean {
  return text.startsWith('-')
}

/**
 * The bytes of a file of `sizeBytes` that were asked for: clamped to the file, as the
 * specification has it.
 *
 * @returns `InvalidRequest` when none of them is in the file
 * @example
 * entityRange({ from: -5, to: undefined }, 1026).ok // { first: 1021, last: 1025 }
 */
export function entityRange(
  { from, to }: EntityBytes,
  sizeBytes: number,
): Result<ByteRange, RequestError> {
  const first = from < 0 ? Math.max(0, sizeBytes + from) : from
  const end = to === undefined ? sizeBytes - 1 : to < 0 ? sizeBytes + to : to
  const last = Math.min(end, sizeBytes - 1)
  if (last >= first) return ok({ first, last })
  const asked = `${from}:${to ?? '*'}`
  return fail(wrong('entity-bytes', `bytes within the ${sizeBytes} of the file`, asked))
}

function wrong(what: string, expected: string, got: string): RequestError {
  const shown = got.length <= 40 ? got : `${got.slice(0, 40)}…`
  return new RequestError('InvalidRequest', `${what} expected ${expected}, got "${shown}"`)
}
