/**
 * Statements as JSON: fields in one order, a line of text for each line, so that the same statement
 * has the same bytes. Docs: docs/reference/statements.md.
 * @module
 */
import { formatMicros } from '@turnpike/core/billing/money'
import type { MeterTerms } from '@turnpike/core/billing/plan'
import { hoursOf } from '@turnpike/core/billing/period'
import { countJson } from '@turnpike/core/billing/quantities'
import type { StretchCharge } from '@turnpike/core/billing/rate'
import type { Bill, SpaceTotal, Statement, StatementLine, Summary } from './statement.ts'
import { hourText, moneyJson, quantitiesJson, timeWriter } from './text.ts'

type Json = Readonly<Record<string, unknown>>

/**
 * A statement as JSON text.
 *
 * @example
 * digestText(hasher, statementJson(statement)) === digestText(hasher, statementJson(again)) // true
 */
export function statementJson(statement: Statement): string {
  const { account, total, spaces, bill, lines, linesBy } = statement
  const timeText = timeWriter(linesBy)
  return documentJson(
    {
      format: 'turnpike-statement/1',
      ...headJson(statement),
      account,
      ...quantitiesJson(total),
      bill: bill === null ? null : billJson(bill),
      spaces: spaces.map(spaceJson),
      ...leftOffJson(statement),
    },
    'lines',
    lines.map((line) => JSON.stringify(lineJson(line, linesBy, timeText))),
  )
}

/** The summary of all accounts as JSON text. */
export function summaryJson(summary: Summary): string {
  return documentJson(
    {
      format: 'turnpike-statements/1',
      ...headJson(summary),
      ...quantitiesJson(summary.total),
    },
    'accounts',
    summary.accounts.map((one) =>
      JSON.stringify({
        account: one.account,
        ...quantitiesJson(one),
        due: one.due.map(moneyJson),
        digest: one.digest,
      }),
    ),
  )
}

/** One object whose last field is a list, with a line of text for each of its items. */
function documentJson(head: Json, name: string, items: readonly string[]): string {
  return `${JSON.stringify(head).slice(0, -1)},"${name}":[\n${items.join(',\n')}\n]}\n`
}

function headJson({ status, period, gateway, asOfEntry }: Statement | Summary): Json {
  const { name, firstEpoch, endEpoch } = period
  const hours = { from: hourText(firstEpoch), to: hourText(endEpoch), hours: hoursOf(period) }
  return {
    status,
    period: { name, ...hours },
    gateway,
    ...(asOfEntry !== null && { asOfEntry }),
  }
}

function billJson({ opening, rated, paid, due }: Bill): Json {
  return {
    charges: rated.stretches.map(chargeJson),
    grants: opening.grants.map(({ id, leftBytes }) => ({
      id,
      openingBytes: countJson(leftBytes),
      leftBytes: countJson(rated.grantsLeftBytes.get(id)!),
    })),
    credit: {
      openingBytes: countJson(opening.creditBytes),
      leftBytes: countJson(rated.creditBytes),
    },
    balances: opening.balances.map(moneyJson),
    total: rated.totals.map(moneyJson),
    paid: paid.map(moneyJson),
    due: due.map(moneyJson),
  }
}

function chargeJson({ plan, firstEpoch, endEpoch, ...charge }: StretchCharge): Json {
  const { egress, storage } = charge
  return {
    plan: { id: plan.id, name: plan.name, currency: plan.currency, prepaid: plan.prepaid },
    from: hourText(firstEpoch),
    to: hourText(endEpoch),
    hours: endEpoch - firstEpoch,
    fee: formatMicros(charge.feeMicros),
    egress: {
      ...termsJson(plan.egress),
      usedBytes: countJson(egress.usedBytes),
      includedBytes: countJson(egress.includedBytes),
      grantedBytes: countJson(egress.grantedBytes),
      overageBytes: countJson(egress.overageBytes),
      amount: formatMicros(egress.micros),
    },
    storage: {
      ...termsJson(plan.storage),
      usedByteMs: countJson(storage.usedByteMs),
      includedByteMs: countJson(storage.includedByteMs),
      overageByteMs: countJson(storage.overageByteMs),
      amount: formatMicros(storage.micros),
    },
  }
}

function termsJson({ includedBytes, tiers, overageMicrosPerGib }: MeterTerms): Json {
  return {
    planIncludedBytes: countJson(includedBytes),
    prices: [
      ...tiers.map(({ upToBytes, microsPerGib }) => ({
        upToBytes: countJson(upToBytes),
        perGib: formatMicros(microsPerGib),
      })),
      { perGib: formatMicros(overageMicrosPerGib) },
    ],
  }
}

function spaceJson({ space, ...quantities }: SpaceTotal): Json {
  return { space, ...quantitiesJson(quantities) }
}

/** What a statement does not list, in the few that are too long. */
function leftOffJson({ spacesLeftOff, linesBy, linesLeftOff }: Statement): Json {
  return {
    ...(spacesLeftOff > 0 && { spacesLeftOff }),
    ...(linesBy !== 'hour' && { linesBy }),
    ...(linesLeftOff > 0 && { linesLeftOff }),
  }
}

function lineJson(
  line: StatementLine,
  by: Statement['linesBy'],
  timeText: (epoch: number) => string,
): Json {
  const { space, epoch, billedEpoch } = line
  return {
    space,
    [by]: timeText(epoch),
    ...(billedEpoch !== epoch && { billed: timeText(billedEpoch) }),
    ...quantitiesJson(line),
  }
}
