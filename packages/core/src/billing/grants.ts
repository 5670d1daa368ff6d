/**
 * Grants: bytes of egress that somebody was given beside what a plan includes.
 * @module
 */

/** A grant. It covers usage of hours from `firstEpoch` to before `endEpoch`. */
export interface Grant {
  readonly id: string
  readonly bytes: bigint
  /** Lower ones are used first. */
  readonly priority: number
  readonly firstEpoch: number
  /** Undefined for one that does not expire. */
  readonly endEpoch: number | undefined
  /** Wall-clock ms. */
  readonly createdMs: number
}

/** A grant, and what is left of it. */
export interface OpenGrant extends Grant {
  readonly leftBytes: bigint
}

/** Bytes that no plan covers, used in some hours in which the same grants are in force. */
export interface Excess {
  readonly firstEpoch: number
  readonly endEpoch: number
  readonly bytes: bigint
}

/** What became of grants and of what they were to cover. */
export interface Burnt {
  /** Bytes that are left of each grant, by its id. */
  readonly leftBytes: ReadonlyMap<string, bigint>
  /** Of each excess, what no grant covered, in the order in which they came. */
  readonly overage: readonly bigint[]
}

/**
 * Order in which grants are used: by priority, then the one that expires first, then the one that
 * was there first (then by id).
 */
export function compareGrants(a: Grant, b: Grant): number {
  return (
    a.priority - b.priority ||
    compareEnds(a.endEpoch, b.endEpoch) ||
    a.createdMs - b.createdMs ||
    (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
  )
}

function compareEnds(a: number | undefined, b: number | undefined): number {
  if (a === b) return 0
  return (a ?? Infinity) - (b ?? Infinity)
}

/** Whether a grant covers usage of an hour. */
export function isInForce({ firstEpoch, endEpoch }: Grant, epoch: number): boolean {
  return firstEpoch <= epoch && epoch < (endEpoch ?? Infinity)
}

/**
 * Cuts a range of epochs where grants begin or end, so that in each part the same are in force.
 *
 * @example
 * cutByGrants(0, 10, [{ firstEpoch: 4, endEpoch: undefined, … }])
 * // [{ firstEpoch: 0, endEpoch: 4 }, { firstEpoch: 4, endEpoch: 10 }]
 */
export function cutByGrants(
  firstEpoch: number,
  endEpoch: number,
  grants: readonly Grant[],
): readonly { readonly firstEpoch: number; readonly endEpoch: number }[] {
  const bounds = grants.flatMap((grant) => [grant.firstEpoch, grant.endEpoch ?? endEpoch])
  const inside = bounds.filter((epoch) => epoch > firstEpoch && epoch < endEpoch)
  const cuts = [...new Set([firstEpoch, ...inside, endEpoch])].toSorted((a, b) => a - b)
  return cuts.slice(1).map((end, i) => ({ firstEpoch: cuts[i]!, endEpoch: end }))
}

/**
 * Uses up grants, hour by hour as usage came. What one excess takes, a later one can't have.
 *
 * @throws {RangeError} when excesses overlap, are out of order or below zero, or when a grant
 * begins or ends inside of one: then it would have covered a part that can't be told
 * @example
 * const { leftBytes, overage } = burnGrants(open, [{ firstEpoch: 0, endEpoch: 24, bytes: 5n }])
 */
export function burnGrants(grants: readonly OpenGrant[], excesses: readonly Excess[]): Burnt {
  const order = grants.toSorted(compareGrants)
  const left = order.map(({ leftBytes }) => leftBytes)
  let lastEnd = -Infinity
  const overage = excesses.map((excess) => {
    check(excess, lastEnd, order)
    lastEnd = excess.endEpoch
    let uncovered = excess.bytes
    for (const [i, grant] of order.entries()) {
      if (!isInForce(grant, excess.firstEpoch)) continue
      const taken = uncovered < left[i]! ? uncovered : left[i]!
      left[i]! -= taken
      uncovered -= taken
    }
    return uncovered
  })
  return { leftBytes: new Map(order.map(({ id }, i) => [id, left[i]!])), overage }
}

function check({ firstEpoch, endEpoch, bytes }: Excess, after: number, grants: readonly Grant[]) {
  if (firstEpoch < after || endEpoch <= firstEpoch || bytes < 0n)
    throw new RangeError(
      `"excesses" expected in order, >= 0, got ${bytes} at ${firstEpoch}-${endEpoch}`,
    )
  const cut = (epoch: number): boolean => epoch > firstEpoch && epoch < endEpoch
  const cutting = grants.find((grant) => cut(grant.firstEpoch) || cut(grant.endEpoch ?? Infinity))
  if (cutting !== undefined)
    throw new RangeError(`"excesses" expected to be cut where grant ${cutting.id} begins and ends`)
}
