/**
 * What shared caches in front may keep, as a setting.
 * @module
 */
import type { SharedCaching } from '@turnpike/gateway/caching'
import type { Kind } from './kinds.ts'

const WORDS = ['as-browser', 'no-store'] as const
const YEAR_SECONDS = 31_536_000

/** The setting `cdnCache`. */
export const cdnCache: Kind<SharedCaching['cdnCache']> = {
  expected: `"as-browser", "no-store", or a whole number of seconds, at most ${YEAR_SECONDS}`,
  isFlag: false,
  fromText,
  fromJson: (value) =>
    typeof value === 'string' || typeof value === 'number' ? fromText(String(value)) : undefined,
  show: String,
}

function fromText(text: string): SharedCaching['cdnCache'] | undefined {
  const word = WORDS.find((known) => known === text)
  if (word !== undefined) return word
  return /^\d{1,8}$/.test(text) && Number(text) <= YEAR_SECONDS ? Number(text) : undefined
}
