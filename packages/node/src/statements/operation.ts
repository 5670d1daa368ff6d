/**
 * `statement` for commands.
 * @module
 */
import { InvalidPeriod, parsePeriod } from '@turnpike/core/billing/period'
import { fail, ok } from '@turnpike/core/result'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { leaveText } from './files.ts'
import { makeStatement, STATEMENT_FORMATS } from './make.ts'
import type { StatementParts } from './sources.ts'

/** What `statement` answers: the text may be too long for an answer, and is left in a file. */
export interface StatementAnswer {
  /** Path of a file in the data folder; whoever asked takes it away. */
  readonly path: string
  /** SHA-256 of the statement's JSON, in hexadecimal. */
  readonly digest: string
  readonly status: 'draft' | 'final'
}

/**
 * The operation `statement {period, account?, format}`.
 *
 * @example
 * const operations = { statement: statementOperation(parts) }
 */
export function statementOperation(parts: StatementParts): Operation {
  return async (params) => {
    const asked = (params ?? {}) as Readonly<Record<string, unknown>>
    const { account } = asked
    const format = STATEMENT_FORMATS.find((name) => name === asked['format'])
    if (format === undefined || !(account === undefined || typeof account === 'string'))
      return fail(new InvalidParams('statement expected { period, account?, format }'))
    const period = parsePeriod(String(asked['period']))
    if (period === undefined) return fail(new InvalidPeriod(String(asked['period'])))
    const made = await makeStatement(parts, { period, account, format })
    if (made.error !== undefined) return made
    const { text, digest, status } = made.ok
    const path = await leaveText(parts.dataDir, text)
    return ok({ path, digest, status } satisfies StatementAnswer)
  }
}
