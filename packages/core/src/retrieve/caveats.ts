/**
 * What a capability to retrieve allows: which blob, and which of its bytes.
 * Source: Storacha, `space/content/retrieve`.
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import type { ByteRange } from '../range.ts'
import type { UcanCapability } from '../ucan/archive.ts'
import type { Allowed } from '../ucan/serve-caveats.ts'

/** The ability that somebody needs to fetch bytes of a space's content. */
export const RETRIEVE = 'space/content/retrieve'

/** Bytes of a blob that somebody wants. */
export interface RetrieveWish {
  /** Multihash of the blob. */
  readonly digest: Uint8Array
  readonly range: ByteRange
}

/** As much of a wish as a capability says. */
type Restriction = Partial<RetrieveWish>

/** Everything on everything of the issuer's. */
const ALL_RESOURCES = 'ucan:*'
const ALLOWED: Allowed = { token: undefined }

/**
 * The wish that an invocation's caveats are; undefined unless they name both blob and range.
 *
 * @example
 * wishIn({ blob: { digest }, range: [0, 99] }) // { digest, range: { first: 0, last: 99 } }
 */
export function wishIn(nb: unknown): RetrieveWish | undefined {
  const { digest, range } = restrictionIn(nb) ?? {}
  return digest === undefined || range === undefined ? undefined : { digest, range }
}

/**
 * Whether a capability covers a wish about `space`, in the form that chains are searched with.
 *
 * @example
 * findServeChains(archive, { ...rules, allowedBy: covering(wish) })
 */
export function covering(
  wish: RetrieveWish,
): (capability: UcanCapability, space: string) => Allowed | undefined {
  return (capability, space) => {
    const restriction = retrieving(capability, space)
    if (restriction === undefined) return undefined
    const { digest, range } = restriction
    if (digest !== undefined && !bytesEqual(digest, wish.digest)) return undefined
    if (range !== undefined && !isWithin(wish.range, range)) return undefined
    return ALLOWED
  }
}

/** Whether a capability covers any wish about `space` at all. */
export function retrievingAllowedBy(
  capability: UcanCapability,
  space: string,
): Allowed | undefined {
  return retrieving(capability, space) && ALLOWED
}

/** Whether all bytes of a range are in another. */
export function isWithin(range: ByteRange, outer: ByteRange): boolean {
  return range.first >= outer.first && range.last <= outer.last
}

/** What a capability restricts, where it is one for {@link RETRIEVE}. */
function retrieving(
  { can, with: resource, nb }: UcanCapability,
  space: string,
): Restriction | undefined {
  const covers =
    can === RETRIEVE || can === '*' || (can.endsWith('/*') && RETRIEVE.startsWith(can.slice(0, -1)))
  if (!covers || (resource !== space && resource !== ALL_RESOURCES)) return undefined
  return nb === undefined ? {} : restrictionIn(nb)
}

/** A caveat that is not known here restricts in a way that is not known either. */
function restrictionIn(nb: unknown): Restriction | undefined {
  if (!isRecord(nb)) return undefined
  const { blob, range, ...others } = nb
  if (Object.keys(others).length > 0) return undefined
  const restriction: { digest?: Uint8Array; range?: ByteRange } = {}
  if (blob !== undefined) {
    if (!isRecord(blob) || Object.keys(blob).join() !== 'digest') return undefined
    if (!(blob['digest'] instanceof Uint8Array)) return undefined
    restriction.digest = blob['digest']
  }
  if (range !== undefined) {
    const read = rangeIn(range)
    if (read === undefined) return undefined
    restriction.range = read
  }
  return restriction
}

/** `[first, last]`, both inclusive. */
function rangeIn(value: unknown): ByteRange | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [first, last] = value as readonly unknown[]
  if (!isPosition(first) || !isPosition(last) || last < first) return undefined
  return { first, last }
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
