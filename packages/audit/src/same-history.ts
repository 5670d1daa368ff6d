/**
 * Across statements: that they are of one log, which has each hour once and no entry in two.
 * @module
 */
import { sameBytes } from './base64.ts'
import { hourOf } from './bundle/context.ts'
import type { SealedEpoch } from './bundle/context.ts'
import type { Verified } from './bundle/verify.ts'
import { misbehaviour } from './misbehaviour.ts'
import type { Misbehaviour } from './misbehaviour.ts'

/** Two statements whose hours can't both be of one log. */
export interface OtherHistory {
  readonly where: string
  /** Which of the statements that were given. */
  readonly first: number
  readonly second: number
  /** What shows it to others, where both statements have the hour's published root. */
  readonly proof: Misbehaviour | null
}

interface Placed {
  readonly statement: number
  readonly epoch: SealedEpoch
}

/**
 * Hours that two statements of one log have differently, or that share entries.
 *
 * @example
 * if (otherHistories(verified).length > 0) process.exitCode = 1
 */
export function otherHistories(verified: readonly Verified[]): OtherHistory[] {
  const logs = new Map<string, Placed[]>()
  for (const [statement, { verdict, sealed }] of verified.entries()) {
    const placed = sealed.map((epoch) => ({ statement, epoch }))
    logs.set(verdict.log, [...(logs.get(verdict.log) ?? []), ...placed])
  }
  return [...logs].flatMap(([key, hours]) => differing(key, hours))
}

function differing(key: string, hours: readonly Placed[]): OtherHistory[] {
  const found: OtherHistory[] = []
  let before: Placed | undefined
  for (const hour of hours.toSorted((a, b) => a.epoch.seal.epoch - b.epoch.seal.epoch)) {
    if (before !== undefined && before.statement !== hour.statement && differ(before, hour))
      found.push({
        where: hourOf(hour.epoch.seal.epoch),
        first: before.statement,
        second: hour.statement,
        proof: proofOf(key, before.epoch, hour.epoch),
      })
    before = hour
  }
  return found
}

function differ({ epoch: a }: Placed, { epoch: b }: Placed): boolean {
  if (a.seal.epoch !== b.seal.epoch) return b.seal.first < a.seal.end
  return !sameBytes(a.sealLeaf, b.sealLeaf) || !sameBytes(a.root, b.root)
}

function proofOf(key: string, a: SealedEpoch, b: SealedEpoch): Misbehaviour | null {
  if (a.seal.epoch !== b.seal.epoch || a.part.root === null || b.part.root === null) return null
  return misbehaviour('epoch', { key, files: [a.part.root, b.part.root] })
}
