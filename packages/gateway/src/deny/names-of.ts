/**
 * Names that a path was reached by: each of them may be denied.
 * @module
 */
import type { NameHop } from '@turnpike/core/ports/names'
import type { ContentPath } from '../parse-request.ts'

/** The name that was asked for, then those it led to, each with all names below it; or none. */
export function namesOf({
  name,
  askedSegments,
}: Pick<ContentPath, 'name' | 'askedSegments'>): readonly NameHop[] {
  if (name === undefined) return []
  const { text, through = [] } = name
  return [{ text, below: [] }, ...through].map((hop) => ({
    text: hop.text,
    below: [...hop.below, ...askedSegments],
  }))
}
