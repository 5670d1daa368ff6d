/**
 * `statementBundle` for commands: a statement with what shows that its figures lie in the log.
 * @module
 */
import { makeBundle } from '@turnpike/accounting/bundle/make'
import { BundleRefused } from '@turnpike/accounting/bundle/refused'
import { LogReader } from '@turnpike/accounting/reader'
import { InvalidPeriod, parsePeriod } from '@turnpike/core/billing/period'
import type { Period } from '@turnpike/core/billing/period'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { leaveText } from '../statements/files.ts'
import { stateAccount } from '../statements/make.ts'
import { withSources } from '../statements/sources.ts'
import type { StatementParts } from '../statements/sources.ts'

/** What bundles are made from. */
export type BundleParts = StatementParts & Pick<AccountingParts, 'log' | 'signer' | 'epochFiles'>

/** What `statementBundle` answers: the text is long, and is left in a file. */
export interface BundleAnswer {
  /** Path of a file in the data folder; whoever asked takes it away. */
  readonly path: string
  /** SHA-256 of the statement's JSON, in hexadecimal. */
  readonly digest: string
  readonly status: 'draft' | 'final'
}

/** Whose bundle, of which month, and whether entries of sealed hours are listed. */
export interface BundleQuery {
  readonly period: Period
  readonly account: string
  readonly listsEntries: boolean
}

/**
 * The operation `statementBundle {period, account, entries}`.
 *
 * @example
 * const operations = { statementBundle: bundleOperation(parts) }
 */
export function bundleOperation(parts: BundleParts): Operation {
  return async (params) => {
    const asked = (params ?? {}) as Readonly<Record<string, unknown>>
    const { account, entries } = asked
    if (typeof account !== 'string' || typeof entries !== 'boolean')
      return fail(new InvalidParams('statementBundle expected { period, account, entries }'))
    const period = parsePeriod(String(asked['period']))
    if (period === undefined) return fail(new InvalidPeriod(String(asked['period'])))
    const made = await bundleOf(parts, { period, account, listsEntries: entries })
    if (made.error !== undefined) return made
    const { text, digest, status } = made.ok
    const path = await leaveText(parts.dataDir, text)
    return ok({ path, digest, status } satisfies BundleAnswer)
  }
}

/**
 * The bundle of an account's statement as of everything that was read so far.
 *
 * @example
 * const made = await bundleOf(parts, { period, account, listsEntries: false })
 */
export async function bundleOf(
  parts: BundleParts,
  { period, account, listsEntries }: BundleQuery,
): Promise<Result<Omit<BundleAnswer, 'path'> & { readonly text: string }, Error>> {
  const { log: store, hasher, signer, epochFiles: files } = parts
  const made = await withSources(parts, async ({ statements }, { log }) => {
    const stated = await stateAccount(parts, statements, log, { period, account })
    if (stated.error !== undefined) return stated
    const { made: statement, digest } = stated.ok
    const { breathe } = statements
    const reader = new LogReader(store, hasher, log)
    try {
      const text = await makeBundle(statement, { reader, signer, files, breathe }, { listsEntries })
      return ok({ text, digest, status: statement.status })
    } catch (error) {
      if (error instanceof BundleRefused) return fail(error)
      throw error
    }
  })
  return made.error === undefined ? made.ok : made
}
