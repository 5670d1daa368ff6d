/**
 * What governance decides about credits, each decision once by its id.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { CreditSeed } from '@turnpike/core/credits/issuance'
import type { CreditTerms } from '@turnpike/core/credits/parse-policy'
import { policyJson, policyOf, type CreditPolicy } from '@turnpike/core/credits/policy'
import { CREDIT_SEEDED_MICROS_MAX, CREDIT_SEEDS_WAITING_MAX } from '@turnpike/core/limits/credits'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'
import { change, rowsOf, type CreditRow } from './rows.ts'
import { creditSums, moveCredits } from './sums.ts'

/** Who decided what, and from when on. */
export interface CreditDecision {
  /** Its own: of a proposal, say. */
  readonly id: string
  readonly note: string
  /** First hour that it is for; undefined for the earliest. */
  readonly epoch: number | undefined
  /** The hour of now, and wall-clock ms. */
  readonly nowEpoch: number
  readonly nowMs: number
}

/** A decision as it was put down. */
export interface CreditEvent {
  readonly id: string
  readonly kind: 'seed' | 'policy'
  readonly epoch: number
  /** Of a seed. */
  readonly micros: bigint | undefined
  readonly note: string
  readonly atMs: number
}

/** Something else is known under this id. */
export class CreditEventDiffers extends Error {
  override readonly name = 'CreditEventDiffers'
  readonly id: string
  constructor(id: string) {
    super(`"id" expected a new one, or what was decided under it before, got ${id} again`)
    this.id = id
  }
}

/** It would count for hours whose credits may be issued already. */
export class CreditEventLate extends Error {
  override readonly name = 'CreditEventLate'
  readonly epochMin: number
  constructor(epoch: number, epochMin: number) {
    super(`"epoch" expected >= ${epochMin}, got ${epoch}: hours before that are settled`)
    this.epochMin = epochMin
  }
}

/** The pool, or the list of seeds that no issuance has yet, has no room. */
export class CreditPoolFull extends Error {
  override readonly name = 'CreditPoolFull'
}

/** Why a decision is not put down. */
export type CreditEventRefused = CreditEventDiffers | CreditEventLate | CreditPoolFull

/**
 * Puts micro-credits into the pool. They can be issued for reads of the decision's hour on; of the
 * current one by default.
 *
 * @returns whether it was not known before
 * @example
 * seedCredits(billing, 5_000_000n, { id: 'prop-7', note: '', epoch: undefined, nowEpoch, nowMs })
 */
export function seedCredits(
  database: DatabaseSync,
  micros: bigint,
  decision: CreditDecision,
): Result<{ readonly added: boolean }, CreditEventRefused> {
  return transact(database, () => {
    const known = eventOf(database, decision.id)
    if (known !== undefined)
      return known.kind === 'seed' && known.micros === micros && isSameEpoch(known, decision)
        ? ok({ added: false })
        : fail(new CreditEventDiffers(decision.id))
    const dated = epochFor(database, decision, decision.nowEpoch)
    if (dated.error !== undefined) return dated
    if (creditSums(database).seeded + micros > CREDIT_SEEDED_MICROS_MAX)
      return fail(new CreditPoolFull(`pool expected <= ${CREDIT_SEEDED_MICROS_MAX} micro-credits`))
    if (waitingSeeds(database, Number.MAX_SAFE_INTEGER).length >= CREDIT_SEEDS_WAITING_MAX)
      return fail(
        new CreditPoolFull(
          `seeds expected <= ${CREDIT_SEEDS_WAITING_MAX} that wait for an issuance: add later`,
        ),
      )
    insertEvent(database, 'seed', decision, { epoch: dated.ok.epoch, micros, policy: null })
    moveCredits(database, { seeded: micros, pool: micros })
    return ok({ added: true })
  })
}

/**
 * Decides on a policy. It is in force for reads of the decision's hour on; of the next one by
 * default, so that nobody learns afterwards what an hour was worth.
 *
 * @returns whether it was not known before
 * @example
 * adoptPolicy(billing, terms, { id: 'prop-8', note: '', epoch: undefined, nowEpoch, nowMs })
 */
export function adoptPolicy(
  database: DatabaseSync,
  terms: CreditTerms,
  decision: CreditDecision,
): Result<{ readonly added: boolean }, CreditEventRefused> {
  return transact(database, () => {
    const { id } = decision
    const text = (epoch: number): string => JSON.stringify(policyJson({ id, epoch, ...terms }))
    const known = eventOf(database, id)
    if (known !== undefined)
      return known.policy === text(known.epoch) && isSameEpoch(known, decision)
        ? ok({ added: false })
        : fail(new CreditEventDiffers(id))
    const dated = epochFor(database, decision, decision.nowEpoch + 1)
    if (dated.error !== undefined) return dated
    const { epoch } = dated.ok
    insertEvent(database, 'policy', decision, { epoch, micros: null, policy: text(epoch) })
    return ok({ added: true })
  })
}

/** The policy in force in an hour: of several for the same hour the one decided on last. */
export function policyAt(database: DatabaseSync, epoch: number): CreditPolicy | undefined {
  return policies(database, 'epoch <= ? ORDER BY epoch DESC, number DESC LIMIT 1', epoch)[0]
}

/** Policies of later hours, the first of them first; at most `countMax`. */
export function policiesAfter(
  database: DatabaseSync,
  epoch: number,
  countMax: number,
): CreditPolicy[] {
  return policies(database, 'epoch > ? ORDER BY epoch, number LIMIT ?', epoch, countMax)
}

/** Seeds of this hour or earlier that no issuance has yet. */
export function waitingSeeds(database: DatabaseSync, epoch: number): CreditSeed[] {
  return rowsOf(
    database,
    `SELECT id, micros, epoch FROM credit_events
     WHERE kind = 'seed' AND issuance IS NULL AND epoch <= ? ORDER BY epoch, id`,
    epoch,
  ).map((row) => ({
    id: String(row['id']),
    amount: row['micros'] as bigint,
    epoch: Number(row['epoch']),
  }))
}

/** Decisions, the last first; at most `countMax`. */
export function creditEvents(database: DatabaseSync, countMax: number): CreditEvent[] {
  const sql = 'SELECT * FROM credit_events ORDER BY number DESC LIMIT ?'
  return rowsOf(database, sql, countMax).map((row) => eventFrom(row))
}

interface KnownEvent extends CreditEvent {
  readonly policy: unknown
}

function eventOf(database: DatabaseSync, id: string): KnownEvent | undefined {
  const [row] = rowsOf(database, 'SELECT * FROM credit_events WHERE id = ?', id)
  return row && { ...eventFrom(row), policy: row['policy'] }
}

function eventFrom(row: CreditRow): CreditEvent {
  return {
    id: String(row['id']),
    kind: row['kind'] as CreditEvent['kind'],
    epoch: Number(row['epoch']),
    micros: row['micros'] === null ? undefined : (row['micros'] as bigint),
    note: String(row['note']),
    atMs: Number(row['at_ms']),
  }
}

function isSameEpoch(known: CreditEvent, { epoch }: CreditDecision): boolean {
  return epoch === undefined || epoch === known.epoch
}

/** The hour that a decision is for: none whose credits were issued. */
function epochFor(
  database: DatabaseSync,
  { epoch }: CreditDecision,
  earliest: number,
): Result<{ readonly epoch: number }, CreditEventLate> {
  const [row] = rowsOf(database, 'SELECT max(epoch) AS last FROM credit_issuances')
  const epochMin = Math.max(earliest, Number(row!['last'] ?? -1) + 1)
  if (epoch !== undefined && epoch < epochMin) return fail(new CreditEventLate(epoch, epochMin))
  return ok({ epoch: epoch ?? epochMin })
}

function insertEvent(
  database: DatabaseSync,
  kind: CreditEvent['kind'],
  { id, note, nowMs }: CreditDecision,
  { epoch, micros, policy }: { epoch: number; micros: bigint | null; policy: string | null },
): void {
  change(
    database,
    `INSERT INTO credit_events (id, kind, epoch, micros, policy, note, at_ms)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
    [id, kind, epoch, micros, policy, note, nowMs],
  )
}

function policies(
  database: DatabaseSync,
  where: string,
  ...values: readonly number[]
): CreditPolicy[] {
  const sql = `SELECT policy FROM credit_events WHERE kind = 'policy' AND ${where}`
  return rowsOf(database, sql, ...values).map(({ policy }) =>
    policyOf(JSON.parse(String(policy)) as ReturnType<typeof policyJson>),
  )
}
