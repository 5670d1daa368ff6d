/**
 * Judges a folder after a run of the billing campaign: nothing lost, nothing twice, and statements
 * that are what the model says.
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { auditLedger } from '@turnpike/audit/audit-ledger'
import type { Checks } from '../rig/campaign.ts'
import type { Line } from './life.ts'
import {
  egressOf,
  itemsOf,
  lineText,
  modelLines,
  ownersOf,
  placedEntries,
  statedLines,
  statedTotal,
} from './model.ts'
import type { Change, Owned, Placed } from './model.ts'
import { CUSTOMERS, type Step } from './script.ts'

const HOUR_MS = 3_600_000

/** What a run did. */
export interface Run {
  readonly name: string
  readonly data: string
  /** By their numbers. */
  readonly steps: ReadonlyMap<number, Step>
  readonly lines: readonly Line[]
  /** Statements of the product at the end: month, account, JSON. */
  readonly statements: readonly (readonly [month: string, account: string, json: string])[]
  /** What Stripe's meter of egress has of a customer. */
  readonly atStripe: (customer: string) => bigint
}

/** Lines that lives wrote; none when all were killed before the first. */
export function readLines(path: string): Line[] {
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'utf8').trimEnd()
  return text.split('\n').map((line) => JSON.parse(line) as Line)
}

/** Holds everything against everything; figures of the run. */
export async function judge(run: Run, checks: Checks): Promise<Readonly<Record<string, number>>> {
  const placed = placedEntries(run.data)
  const audit = await auditLedger(run.data)
  checks.equal(JSON.stringify(audit.differences), '[]', `${run.name}: audit`)
  checks.equal(audit.summed, placed.length, `${run.name}: entries summed`)
  judgeReads(run, placed, checks)
  judgeRecords(run, placed, checks)
  judgeVoids(run, placed, checks)
  const owners = ownersByLines(run, checks)
  const items = itemsOf(placed)
  for (const [month, account, json] of run.statements) {
    const expected = modelLines(items, owners, account, month)
    const what = `${run.name}: statement ${month} of ${account}`
    checks.equal(statedLines(json).join('\n'), expected.map(lineText).join('\n'), what)
    checks.equal(statedTotal(json), egressOf(expected), `${what}: total`)
  }
  for (const customer of CUSTOMERS) {
    const months = run.statements.filter(([, account]) => account === customer)
    const stated = egressOf(months.flatMap(([month]) => modelLines(items, owners, customer, month)))
    checks.equal(run.atStripe(customer), stated, `${run.name}: bytes of ${customer} at Stripe`)
  }
  return { entries: placed.length, statements: run.statements.length }
}

/** Reads whose end was durable are in the log once, others at most once, and no others. */
function judgeReads(run: Run, placed: readonly Placed[], checks: Checks): void {
  const counts = new Map<string, number>()
  for (const { entry } of placed)
    if (entry.kind === 'read' && entry.region !== '') addOne(counts, hexOf(entry.id))
  const made = new Set<string>()
  for (const { n, what, told } of run.lines) {
    const step = run.steps.get(n)!
    if (step.do !== 'reads') continue
    for (const { id } of step.reads) made.add(id)
    if (what === 'done')
      for (const id of told as string[])
        checks.equal(counts.get(id), 1, `${run.name}: entries of the durable read ${id}`)
  }
  for (const [id, count] of counts)
    checks.that(count === 1 && made.has(id), `${run.name}: read ${id} is there ${count} times`)
}

/** Records that were taken are in the log once, however often they came. */
function judgeRecords(run: Run, placed: readonly Placed[], checks: Checks): void {
  const counts = new Map<string, number>()
  for (const { entry } of placed)
    if (entry.kind === 'read' && entry.region === '')
      addOne(counts, hexOf(entry.cid!.subarray(-KEY_BYTES)))
  const taken = new Set<string>()
  for (const { n, what, told } of run.lines) {
    const step = run.steps.get(n)!
    if (step.do !== 'records' || what !== 'done') continue
    for (const [i, { kind }] of (told as { kind: string }[]).entries()) {
      checks.that(kind !== 'refused', `${run.name}: a record is not refused`)
      taken.add(step.records[i]!.key)
    }
  }
  for (const key of taken) checks.equal(counts.get(key), 1, `${run.name}: entries of record ${key}`)
  for (const [key, count] of counts)
    checks.that(count === 1, `${run.name}: record ${key} is there ${count} times`)
}

/** A read that was voided has one VOID. */
function judgeVoids(run: Run, placed: readonly Placed[], checks: Checks): void {
  const voids = new Map<string, number>()
  for (const { entry } of placed)
    if (entry.kind === 'void') {
      const target = placed[entry.index]!.entry
      if (target.kind === 'read') addOne(voids, hexOf(target.id))
      else checks.that(false, `${run.name}: a VOID of a ${target.kind}`)
    }
  for (const { n, what } of run.lines) {
    const step = run.steps.get(n)!
    if (step.do === 'void' && what === 'done')
      checks.equal(voids.get(step.id), 1, `${run.name}: VOIDs of ${step.id}`)
  }
  for (const [id, count] of voids) checks.equal(count, 1, `${run.name}: VOIDs of ${id}`)
}

/**
 * Owners by the changes that were made. One whose answer was lost was made or not; a later try says
 * in which hour it counts, which must be that of one of the tries.
 */
function ownersByLines(run: Run, checks: Checks): ReadonlyMap<string, readonly Owned[]> {
  const changes = new Map<string, Change[]>()
  /** Hours of tries whose end nobody saw. */
  const lost = new Map<number, number[]>()
  let latest = 0
  for (const { n, what, nowMs, told } of run.lines) {
    const step = run.steps.get(n)!
    latest = Math.max(latest, Math.floor(nowMs / HOUR_MS))
    if (step.do !== 'assign' && step.do !== 'release') continue
    const tries = lost.get(n) ?? []
    lost.set(n, tries)
    if (what === 'try') {
      tries.push(Math.floor(nowMs / HOUR_MS))
      continue
    }
    const epoch = tries.pop()!
    const ofSpace = changes.get(step.space) ?? []
    changes.set(step.space, ofSpace)
    if (step.do === 'assign' && what === 'done') {
      const { assignedEpoch } = told as { assignedEpoch: number }
      const known = [epoch, ...tries, ...ofSpace.map((change) => change.epoch)]
      const isKnown = known.includes(assignedEpoch) || isFloor(assignedEpoch, epoch, latest)
      checks.that(isKnown, `${run.name}: hour of an owner of ${step.space}`)
      ofSpace.push({ epoch: assignedEpoch, customer: step.customer })
    }
    if (step.do === 'release') {
      // Refused for lack of an owner: a try whose end nobody saw was made, if it had one.
      const made =
        what === 'done' ? madeIn(told, epoch, latest) : UNOWNED.test(String(told)) && tries[0]
      if (typeof made === 'number') ofSpace.push({ epoch: made, customer: null })
    }
  }
  return new Map([...changes].map(([space, made]) => [space, ownersOf(made)]))
}

/** Whether a change made by a clock that was set back counts later: in an hour that has been. */
function isFloor(counts: number, made: number, latest: number): boolean {
  return counts > made && counts <= latest
}

/** Hour in which the release of a space counts. */
function madeIn(told: unknown, epoch: number, latest: number): number {
  const counts = (told as { endEpoch: number }).endEpoch - 1
  return isFloor(counts, epoch, latest) ? counts : epoch
}

const UNOWNED = /^SpaceUnowned/
const KEY_BYTES = 32

function addOne(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
