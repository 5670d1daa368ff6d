/**
 * What came of checking a bundle.
 * @module
 */
import { Findings } from '../findings.ts'
import type { Difference } from '../findings.ts'
import type { Misbehaviour } from '../misbehaviour.ts'

/** What is checked, in order. Source: receipts, section 6.9. */
export const CHECKS = ['signatures', 'anchors', 'seals', 'entries', 'once', 'sums'] as const

/** Name of a check. */
export type CheckName = (typeof CHECKS)[number]

/** One check and what came of it. */
export interface Check {
  readonly name: CheckName
  readonly holds: boolean
  /** What was found to hold, or that nothing was there to be checked. */
  readonly says: string
  /** The first of what does not hold. */
  readonly findings: readonly Difference[]
  readonly findingsCount: number
}

/** Hours of a bundle, by how far they are. */
export interface EpochCounts {
  /** Hours that the log has sealed. */
  readonly sealed: number
  /** Those of them whose root was published, and those that are final. */
  readonly published: number
  readonly final: number
  /** Names of the anchors that hold all hours that are final, such as `local`. */
  readonly anchors: readonly string[]
  /** Entries of the hour that is not sealed. */
  readonly unsealedEntries: number
}

/** What came of checking one bundle. */
export interface Verdict {
  readonly holds: boolean
  /** The log's key, and whether whoever asked had it from elsewhere. */
  readonly log: string
  readonly pinned: boolean
  /** Whose statement, of which month: empty when that can't be read. */
  readonly account: string
  readonly period: string
  readonly status: string
  /** All checks; of a file that can't be read, those that fail. */
  readonly checks: readonly Check[]
  readonly epochs: EpochCounts
  /** What does not follow from this bundle, though it holds. */
  readonly notes: readonly string[]
  /** When the operator signed what does not hold: a proof of it for others. */
  readonly misbehaviour: Misbehaviour | null
}

/** A count and what is counted: `1 hour`, `2 hours`. */
export function several(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Gathers checks. */
export class Checks {
  readonly #findings = new Map<CheckName, Findings>()
  readonly #says = new Map<CheckName, string[]>()
  readonly notes: string[] = []

  /** What does not hold in one of the checks. */
  of(name: CheckName): Findings {
    let findings = this.#findings.get(name)
    if (findings === undefined) this.#findings.set(name, (findings = new Findings()))
    return findings
  }

  /** Says what a check has looked at. */
  say(name: CheckName, text: string): void {
    this.#says.set(name, [...(this.#says.get(name) ?? []), text])
  }

  /** Whether all of them hold. */
  get hold(): boolean {
    return CHECKS.every((name) => this.of(name).count === 0)
  }

  /** All of them, in order. */
  list(): Check[] {
    return CHECKS.map((name) => {
      const { named: findings, count: findingsCount } = this.of(name)
      const says = (this.#says.get(name) ?? []).join('; ')
      return { name, holds: findingsCount === 0, says, findings, findingsCount }
    })
  }
}
