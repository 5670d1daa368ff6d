/**
 * How long others may keep an answer.
 * Source: path gateway specification, Cache-Control.
 * @module
 */
import type { ContentPath } from './parse-request.ts'
import type { HeaderLine } from './meter.ts'

/**
 * How long a representation of one root holds: for ever, until our pages look different, or as long
 * as nobody says.
 */
export type Lifetime = 'immutable' | 'generated' | 'unsaid'

const YEAR_SECONDS = 29_030_400
const STALE = 'stale-while-revalidate=2678400'
const LINES: Readonly<Record<Lifetime, readonly HeaderLine[]>> = {
  immutable: [['Cache-Control', `public, max-age=${YEAR_SECONDS}, immutable`]],
  generated: [['Cache-Control', `public, max-age=604800, ${STALE}`]],
  unsaid: [],
}

/**
 * Header lines for what shared caches and browsers may keep. Behind a name, an answer holds no longer
 * than the name does.
 *
 * @example
 * cacheLines('immutable', path) // [['Cache-Control', 'public, max-age=29030400, immutable']]
 */
export function cacheLines(
  lifetime: Lifetime,
  { name }: Pick<ContentPath, 'name'>,
): readonly HeaderLine[] {
  if (name === undefined) return LINES[lifetime]
  if (name.ttlMs === undefined || lifetime === 'unsaid') return []
  const age = `public, max-age=${Math.floor(Math.max(0, name.ttlMs) / 1000)}`
  return [['Cache-Control', lifetime === 'generated' ? `${age}, ${STALE}` : age]]
}
