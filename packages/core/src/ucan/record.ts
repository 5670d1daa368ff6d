/**
 * What a space delegates to a gateway that is to record what it served.
 * Source: Storacha, `space/content/serve/egress/record`.
 * @module
 */
import type { UcanCapability } from './archive.ts'
import type { Allowed } from './serve-caveats.ts'

/** The ability by which gateways say what they served. */
export const RECORD_EGRESS = 'space/content/serve/egress/record'

/** What a gateway is let do that is to record: that, or all of serving. */
export const RECORDING: ReadonlySet<string> = new Set([RECORD_EGRESS, 'space/content/serve/*'])

/** Whether a delegation to a gateway is of one of those abilities. */
export function mayRecord({ can }: Pick<UcanCapability, 'can'>): boolean {
  return RECORDING.has(can)
}

/**
 * Abilities that have recording in them, for any link of a chain; with no caveats but whom content
 * is served to, which says nothing about counting.
 *
 * @example
 * recordingAllowedBy({ can: 'space/*', with: space }, space) // { token: undefined }
 */
export function recordingAllowedBy(
  { can, with: resource, nb = {} }: UcanCapability,
  space: string,
): Allowed | undefined {
  if (resource !== space && resource !== 'ucan:*') return undefined
  const isWide = can === '*' || (can.endsWith('/*') && RECORD_EGRESS.startsWith(can.slice(0, -1)))
  if (!isWide && can !== RECORD_EGRESS) return undefined
  const caveats = typeof nb === 'object' && nb !== null ? Object.keys(nb) : ['?']
  return caveats.every((name) => name === 'token') ? { token: undefined } : undefined
}
