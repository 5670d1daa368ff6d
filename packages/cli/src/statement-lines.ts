/**
 * Statements as short text, of their JSON (docs/reference/statements.md).
 * @module
 */
import { tableLines } from './table-lines.ts'
import { formatByteHours, formatBytes, formatCount } from './units.ts'

/** A count in JSON: a number, or beyond what one holds exactly, decimals. */
type CountJson = number | string

interface UsedJson {
  readonly egressBytes: CountJson
  readonly voidedBytes: CountJson
  readonly storageByteMs: CountJson
  readonly reads: number
  readonly denied: number
}

interface AmountJson {
  readonly currency: string
  readonly amount: string
}

interface HeadJson extends UsedJson {
  readonly status: string
  readonly period: { readonly name: string }
  readonly asOfEntry?: number
}

interface ChargeJson {
  readonly plan: { readonly name: string; readonly currency: string }
  readonly from: string
  readonly hours: number
  readonly fee: string
  readonly egress: { readonly overageBytes: CountJson; readonly amount: string }
  readonly storage: { readonly amount: string }
}

/** What is shown of a statement of one account. */
export interface StatementJson extends HeadJson {
  readonly account: string
  readonly spaces: readonly unknown[]
  readonly spacesLeftOff?: number
  readonly bill: null | {
    readonly charges: readonly ChargeJson[]
    readonly total: readonly AmountJson[]
    readonly paid: readonly AmountJson[]
    readonly due: readonly AmountJson[]
  }
}

/** What is shown of the summary of all accounts. */
export interface SummaryJson extends HeadJson {
  readonly accounts: readonly (UsedJson & {
    readonly account: string
    readonly due: readonly AmountJson[]
  })[]
}

/**
 * A statement or a summary for people: what was used, what it costs, and what is due.
 *
 * @example
 * for (const line of statementLines(JSON.parse(text))) output.line(line)
 */
export function statementLines(statement: StatementJson | SummaryJson): string[] {
  return 'accounts' in statement ? summaryLines(statement) : accountLines(statement)
}

function summaryLines(summary: SummaryJson): string[] {
  const rows = summary.accounts.map((one) => [
    one.account,
    ...usedCells(one),
    one.due.length === 0 ? 'nothing due' : `${amounts(one.due)} due`,
  ])
  const total = ['All accounts', ...usedCells(summary), '']
  return [`Statements of ${headText(summary)}`, ...indented(tableLines([...rows, total]))]
}

function accountLines(statement: StatementJson): string[] {
  const { account, bill, spaces, spacesLeftOff = 0 } = statement
  const [reads, egress, stored] = usedCells(statement)
  const voided = BigInt(statement.voidedBytes)
  const used = [
    ['Reads', reads!.replace(' reads', '')],
    ['Egress', voided === 0n ? egress! : `${egress}, after ${bytesText(voided)} credited`],
    ['Stored', stored! || 'nothing'],
    ['Spaces', formatCount(spaces.length + spacesLeftOff)],
  ]
  return [
    `Statement of ${account}, ${headText(statement)}`,
    ...indented(tableLines(used)),
    ...(bill === null ? ['Nobody pays for it.'] : chargeLines(bill)),
  ]
}

function chargeLines({ charges, total, paid, due }: NonNullable<StatementJson['bill']>): string[] {
  const rows = charges.flatMap(({ plan, from, hours, fee, egress, storage }) => {
    const overage = BigInt(egress.overageBytes)
    const over = overage === 0n ? 'egress' : `egress, ${bytesText(overage)} overage`
    return [
      [`${plan.name}, ${formatCount(hours)} hours from ${from}: fee`, `${fee} ${plan.currency}`],
      [`  ${over}`, `${egress.amount} ${plan.currency}`],
      ['  storage', `${storage.amount} ${plan.currency}`],
    ]
  })
  const sums = [
    ['Total', amounts(total)],
    ...(paid.length === 0 ? [] : [['Paid from balance', amounts(paid)]]),
    ['Due', amounts(due)],
  ]
  return ['Charges', ...indented(tableLines([...rows, ...sums]))]
}

function headText({ status, period, asOfEntry }: HeadJson): string {
  const upTo = asOfEntry === undefined ? '' : `, after ${formatCount(asOfEntry)} log entries`
  return `${period.name} (${status}${upTo})`
}

/** Reads, egress, and what was stored. */
function usedCells({ reads, denied, egressBytes, storageByteMs }: UsedJson): string[] {
  const refused = denied === 0 ? '' : `, ${formatCount(denied)} refused`
  const stored = BigInt(storageByteMs)
  return [
    `${formatCount(reads)} reads${refused}`,
    bytesText(BigInt(egressBytes)),
    stored === 0n ? '' : formatByteHours(stored),
  ]
}

function bytesText(bytes: bigint): string {
  const exact = `${bytes.toLocaleString('en-US')} bytes`
  return bytes < 1024n ? exact : `${exact} (${formatBytes(Number(bytes))})`
}

function amounts(all: readonly AmountJson[]): string {
  return all.length === 0 ? '0.00' : all.map((one) => `${one.amount} ${one.currency}`).join(' + ')
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`)
}
