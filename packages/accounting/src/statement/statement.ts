/**
 * What a statement is: what one account used in one month, hour by hour, and what that costs.
 * @module
 */
import type { OpenGrant } from '@turnpike/core/billing/grants'
import type { Money } from '@turnpike/core/billing/money'
import type { Period } from '@turnpike/core/billing/period'
import type { Quantities } from '@turnpike/core/billing/quantities'
import type { Rated } from '@turnpike/core/billing/rate'

/** Account of what no customer owned. */
export const SUSPENSE = 'suspense'
/** Account of the gateway's operator, who pays nobody: content that is in no space. */
export const OPERATOR = 'operator'

/**
 * What one space used in one hour, as far as the account owned it. In suspense, a line below zero
 * takes out what a customer was found for, in whose statement the same line stands above zero.
 */
export interface StatementLine extends Quantities {
  /** Empty where the log does not say. */
  readonly space: string
  readonly epoch: number
  /** Hour in which it counts: a later one than `epoch` for what had lain in suspense until then. */
  readonly billedEpoch: number
}

/** What one space used in the month. */
export interface SpaceTotal extends Quantities {
  readonly space: string
}

/** What an account used that counts in one hour. */
export interface HourTotal extends Quantities {
  readonly epoch: number
}

/** What a customer brings into a month. */
export interface Opening {
  /** Grants of all hours of the month, with what was left of them when it began. */
  readonly grants: readonly OpenGrant[]
  /** Bytes credited before that nothing was left to take off from. */
  readonly creditBytes: bigint
  /** What prepaid overage may draw on: one amount a currency, what was paid in this month too. */
  readonly balances: readonly Money[]
}

/** What a month costs. */
export interface Bill {
  readonly opening: Opening
  readonly rated: Rated
  /** Drawn from balances, one amount a currency, in the order of their codes. */
  readonly paid: readonly Money[]
  /** The rest of `rated.totals`. */
  readonly due: readonly Money[]
}

/** One account's month. */
export interface Statement {
  /** `final`: all hours are over, and nothing in them can change. */
  readonly status: 'draft' | 'final'
  readonly period: Period
  /** DID of the gateway. */
  readonly gateway: string
  /** A customer's DID, {@link SUSPENSE} or {@link OPERATOR}. */
  readonly account: string
  /** Log entries that a draft has counted; null for a final one, which has all. */
  readonly asOfEntry: number | null
  readonly total: Quantities
  /** By the hour in which it counts, in order. */
  readonly hours: readonly HourTotal[]
  /** By their DIDs: the first `STATEMENT_SPACES_MAX`. */
  readonly spaces: readonly SpaceTotal[]
  /** Spaces after these. All sums have them. */
  readonly spacesLeftOff: number
  /** Null for an account that pays nothing. */
  readonly bill: Bill | null
  /** By space, then hour: at most `STATEMENT_LINES_MAX`. */
  readonly lines: readonly StatementLine[]
  /** `day` where there are too many by the hour: a line then stands at its day's first hour. */
  readonly linesBy: 'hour' | 'day'
  /** Lines after these. All sums have them. */
  readonly linesLeftOff: number
}

/** What one account's month came to, in the statement of all. */
export interface AccountTotal extends Quantities {
  readonly account: string
  /** SHA-256 of the account's statement, 64 hexadecimal digits. */
  readonly digest: string
  readonly due: readonly Money[]
}

/** The month of all accounts together. */
export interface Summary extends Pick<Statement, 'status' | 'period' | 'gateway' | 'asOfEntry'> {
  /** The sum of all accounts: what the ledger has of these hours. */
  readonly total: Quantities
  /** Customers by their DIDs, then operator, then suspense. */
  readonly accounts: readonly AccountTotal[]
}
