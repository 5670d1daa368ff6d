/**
 * What somebody who mistyped a word may have meant.
 * @module
 */

const DISTANCE_MAX = 3
const WORD_CHARS_MAX = 64

/**
 * The known word closest to `word`, or undefined when none is close.
 *
 * @example
 * nearest('prot', ['port', 'host']) // 'port'
 */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > WORD_CHARS_MAX) return undefined
  const [best] = known
    .map((candidate) => ({ candidate, distance: editDistance(word, candidate) }))
    .filter(({ distance }) => distance <= Math.min(DISTANCE_MAX, Math.ceil(word.length / 2)))
    .sort((a, b) => a.distance - b.distance)
  return best?.candidate
}

/** Letters to add, take away or change (Levenshtein), one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1))
    }
    row = next
  }
  return row[b.length]!
}
