/**
 * What links of our pages have to carry on so that the next page opens, too.
 * @module
 */

/** Parameters that say who reads, and on whose account. */
const CARRIED = ['authToken', 'space'] as const

/**
 * The parameters of a query that our links carry on, with `first` before them (`?` or `&`); empty
 * when there are none.
 *
 * @example
 * carriedQuery(new URLSearchParams('authToken=abc&format=car'), '?') // '?authToken=abc'
 */
export function carriedQuery(params: URLSearchParams, first: '?' | '&'): string {
  const pairs = CARRIED.flatMap((name) =>
    params.getAll(name).map((value): [string, string] => [name, value]),
  )
  return pairs.length === 0 ? '' : `${first}${new URLSearchParams(pairs)}`
}
