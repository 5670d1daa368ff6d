/**
 * Work on many items, a few at a time.
 * @module
 */

/**
 * Results in the order of `items`, of which at most `atOnceMax` are worked on at once.
 *
 * @example
 * await inTurns(urls, 8, (url) => head(url))
 */
export async function inTurns<T, R>(
  items: readonly T[],
  atOnceMax: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++
      results[at] = await work(items[at]!)
    }
  }
  const count = Math.min(atOnceMax, items.length)
  await Promise.all(Array.from({ length: count }, worker))
  return results
}
