/**
 * Which lines belong to which account.
 *
 * Every hour of every space is in one account: of the customer who owned it, of the operator, or in
 * suspense. What lay in suspense when a month was closed stays in that month's statement. Once it
 * has an owner, the statements of the month in which that was said have it twice: in the owner's,
 * and in that of suspense below zero. So months never change, and each of them adds up.
 * @module
 */
import {
  billedEpoch,
  billedSpan,
  creditedSpan,
  endOf,
  ownerAt,
  unownedSpans,
} from '@turnpike/core/billing/ownership'
import type { EpochSpan } from '@turnpike/core/billing/ownership'
import { SPACES_LISTED_MAX } from '@turnpike/core/limits/billing'
import type { Ownership } from '@turnpike/core/ports/provisioning'
import { Sheet } from './sheet.ts'
import type { Counted } from './sheet.ts'
import type { StatementSources } from './sources.ts'
import { OPERATOR, SUSPENSE } from './statement.ts'
import type { StatementLine } from './statement.ts'

/** Lines of an account, by space, then hour: a list for each space that has any. */
export async function* accountLines(
  sources: StatementSources,
  account: string,
  period: EpochSpan,
): AsyncGenerator<readonly StatementLine[]> {
  const write = writerOf(sources, account, period)
  for await (const space of spacesOf(sources, account)) {
    const sheet = new Sheet(sources, space)
    await write(sheet, space)
    const lines = sheet.lines()
    if (lines.length > 0) yield lines
    await sources.breathe()
  }
}

type Write = (sheet: Sheet, space: string) => Promise<void>

function writerOf(sources: StatementSources, account: string, period: EpochSpan): Write {
  if (account === OPERATOR) return (sheet) => writeAll(sheet, period)
  const { owners } = sources
  return async (sheet, space) => {
    const history = await owners.ofSpace(space)
    if (account === SUSPENSE) await writeUnowned(sheet, history, period)
    else
      for (const owned of history)
        if (owned.customer === account) await writeOwned(sheet, owned, period)
  }
}

async function writeAll(sheet: Sheet, period: EpochSpan): Promise<void> {
  const counted = countedAsIs(period)
  await sheet.addHours(counted)
  await sheet.addVoids(counted, () => true)
}

async function writeOwned(sheet: Sheet, owned: Ownership, period: EpochSpan): Promise<void> {
  const rule = { sign: 1, billed: (epoch: number) => billedEpoch(owned, epoch) } as const
  const billed = billedSpan(owned, period)
  if (billed !== undefined) await sheet.addHours({ ...billed, ...rule })
  const credited = creditedSpan(owned, period)
  if (credited !== undefined)
    await sheet.addVoids({ ...credited, ...rule }, (epoch) => isIn(owned, epoch))
}

async function writeUnowned(
  sheet: Sheet,
  history: readonly Ownership[],
  period: EpochSpan,
): Promise<void> {
  // An owner who is named after the month is over has no part in it.
  const known = history.filter(({ assignedEpoch }) => assignedEpoch < period.endEpoch)
  for (const span of unownedSpans(known, period)) await sheet.addHours(countedAsIs(span))
  await sheet.addVoids(countedAsIs(period), (epoch) => ownerAt(known, epoch) === undefined)
  for (const owned of known) {
    const { firstEpoch, assignedEpoch } = owned
    if (assignedEpoch < period.firstEpoch || firstEpoch >= period.firstEpoch) continue
    const rule = { sign: -1, billed: (epoch: number) => billedEpoch(owned, epoch) } as const
    const endEpoch = Math.min(period.firstEpoch, endOf(owned))
    await sheet.addHours({ firstEpoch, endEpoch, ...rule })
    const before = { firstEpoch, endEpoch: period.firstEpoch, ...rule }
    await sheet.addVoids(before, (epoch) => isIn(owned, epoch))
  }
}

function countedAsIs(span: EpochSpan): Counted {
  return { ...span, sign: 1, billed: (epoch) => epoch }
}

function isIn(owned: Ownership, epoch: number): boolean {
  return owned.firstEpoch <= epoch && epoch < endOf(owned)
}

/** Spaces that an account may have lines of, in the order of their names. */
async function* spacesOf(sources: StatementSources, account: string): AsyncGenerator<string> {
  const { ledger, storage, owners, operators } = sources
  if (account !== OPERATOR && account !== SUSPENSE) {
    const spaces = (await owners.ofCustomer(account)).map(({ space }) => space)
    yield* [...new Set(spaces)].filter((space) => !operators.has(space)).toSorted(compareText)
    return
  }
  const read = pages((after) => ledger.spaces(after))
  const stored = pages((after) => storage.spaces(SPACES_LISTED_MAX, after))
  for await (const space of merged(read, stored))
    if (operators.has(space) === (account === OPERATOR)) yield space
}

async function* pages(
  page: (after: string | undefined) => readonly string[] | Promise<readonly string[]>,
): AsyncGenerator<string> {
  for (let after: string | undefined; ;) {
    const names = await page(after)
    if (names.length === 0) return
    yield* names
    after = names.at(-1)
  }
}

/** Names of two sorted lists, each once. */
async function* merged(
  a: AsyncGenerator<string>,
  b: AsyncGenerator<string>,
): AsyncGenerator<string> {
  let [left, right] = [await a.next(), await b.next()]
  while (!left.done || !right.done) {
    const first = right.done || (!left.done && compareText(left.value, right.value) <= 0)
    const name = first ? left.value : right.value
    yield name
    if (!left.done && left.value === name) left = await a.next()
    if (!right.done && right.value === name) right = await b.next()
  }
}

/** By code units, which for DIDs is the order of their bytes. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
