/**
 * What a capability may be derived from: a wider one on the same resource.
 * Source: UCAN 0.9.1, section 5; ucanto's own comparison takes two equal objects for different.
 * @module
 */
import type { API } from '@ucanto/core'
import { Failure } from '@ucanto/validator'

/** The parts of a capability that are compared. */
interface Compared {
  readonly with: string
  readonly nb: object
}

/**
 * Makes a comparison: the resource is the same, and each caveat of the wider one has to be met.
 * One that it does not have allows everything.
 *
 * @param meets whether the value that is claimed lies within the one of the wider capability
 * @example
 * capability({ can: 'ucan/attest', derives: derivesBy(sameText), … })
 */
export function derivesBy(
  meets: (claimed: unknown, wider: unknown) => boolean,
): (claimed: Compared, wider: Compared) => API.Result<API.Unit, API.Failure> {
  return (claimed, wider) => {
    if (claimed.with !== wider.with)
      return { error: new Failure(`resource expected ${wider.with}, got ${claimed.with}`) }
    const values = claimed.nb as Readonly<Record<string, unknown>>
    for (const [name, value] of Object.entries(wider.nb))
      if (value !== undefined && !meets(values[name], value))
        return { error: new Failure(`"${name}" expected to be within what was delegated`) }
    return { ok: {} }
  }
}

/** Whether two values have the same text, as CIDs do; lists, in the same order. */
export function sameText(claimed: unknown, wider: unknown): boolean {
  return String(claimed) === String(wider)
}

/** Whether all CIDs in a dictionary are in another one, by whatever names. */
export function isWithin(claimed: unknown, wider: unknown): boolean {
  const texts = (value: unknown): string[] => Object.values((value ?? {}) as object).map(String)
  const allowed = new Set(texts(wider))
  return texts(claimed).every((text) => allowed.has(text))
}
