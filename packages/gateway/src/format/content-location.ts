/**
 * Content-Location: the URL that gives the same representation without an Accept header.
 * Source: path gateway specification, `Content-Location`.
 * @module
 */
import type { HeaderLine } from '../meter.ts'
import type { Wanted } from '../negotiate.ts'
import type { PathParts } from '../parse-request.ts'

/** What the URL is made of. */
export type Located = Pick<PathParts, 'escapedPath' | 'params'>

/**
 * The header for what was asked for by Accept; undefined when the URL alone says it, or nothing was
 * asked for. A token does not belong into what may be shared.
 *
 * @example
 * contentLocation({ escapedPath: '/ipfs/bafy', params }, { format: 'raw', html: false })
 * // ['Content-Location', '/ipfs/bafy?format=raw']
 */
export function contentLocation(
  { escapedPath, params }: Located,
  { format, car }: Wanted,
): HeaderLine | undefined {
  if (format === undefined || params.get('format') === format) return undefined
  const query = new URLSearchParams(params)
  query.delete('authToken')
  query.set('format', format)
  if (car !== undefined) {
    query.set('car-version', '1')
    query.set('car-order', car.order)
    query.set('car-dups', car.dups ? 'y' : 'n')
  }
  query.sort()
  return ['Content-Location', `${escapedPath}?${query.toString()}`]
}
