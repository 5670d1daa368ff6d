/**
 * `payout` for commands: statements of storage nodes.
 * @module
 */
import { makePayout } from '@turnpike/accounting/payout/statement'
import { payoutCsv, payoutJson } from '@turnpike/accounting/payout/text'
import { parseMicros, type Money } from '@turnpike/core/billing/money'
import { InvalidPeriod, parsePeriod } from '@turnpike/core/billing/period'
import { fail, ok } from '@turnpike/core/result'
import type { AccountingParts } from '../accounting/parts.ts'
import type { Operation } from '../control/server.ts'
import { openHandoverKeys } from '../handover/keys.ts'
import { InvalidParams } from '../owner/params.ts'
import { SqliteQueue } from '../queue/queue.ts'
import { leaveText } from '../statements/files.ts'
import { SqlitePayouts } from './store.ts'

/** What `payout` answers: the text is in a file, since it may be too long for an answer. */
export interface PayoutAnswer {
  /** Path of the file; whoever asked takes it away. */
  readonly path: string
  readonly status: 'draft' | 'final'
}

/** Forms of a statement. */
export const PAYOUT_FORMATS = ['json', 'csv'] as const

/** Nobody tells of batches by this name. */
export class ProviderUnknown extends Error {
  override readonly name = 'ProviderUnknown'
}

/** The operation `payout {provider, period, format}`. */
export function payoutOperation(parts: AccountingParts): Operation {
  const { dataDir, settings, billing, ledger, clock } = parts
  const payouts = new SqlitePayouts({ billing, queue: new SqliteQueue(billing, clock), clock })
  return async (params) => {
    const asked = (params ?? {}) as Readonly<Record<string, unknown>>
    const { provider } = asked
    const format = PAYOUT_FORMATS.find((name) => name === asked['format'])
    if (format === undefined || typeof provider !== 'string')
      return fail(new InvalidParams('payout expected { provider, period, format }'))
    const period = parsePeriod(String(asked['period']))
    if (period === undefined) return fail(new InvalidPeriod(String(asked['period'])))
    const listed = settings.storageNodes.filter(({ did }) => did === provider)
    const known = [...new Set([...settings.storageNodes.map(({ did }) => did), ...payouts.nodes()])]
    if (!known.includes(provider))
      return fail(new ProviderUnknown(`provider expected one of ${known.join(', ')}`))
    const caughtUp = await parts.host.catchUp()
    if (caughtUp.error) return caughtUp
    const names = [provider, ...listed.map(({ origin }) => origin)]
    const price = priceOf(settings.payoutPricePerGib)
    const gateway = await gatewayOf(parts)
    const nowMs = clock.nowMs()
    const query = { gateway, provider, names, period, price, nowMs }
    const statement = await makePayout(query, { payouts, ledger })
    const text = format === 'csv' ? payoutCsv(statement) : payoutJson(statement)
    const path = await leaveText(dataDir, text)
    return ok({ path, status: statement.status } satisfies PayoutAnswer)
  }
}

/** The setting has an amount and a currency. */
function priceOf(setting: string | undefined): Money | undefined {
  if (setting === undefined) return undefined
  const [amount, currency] = setting.split(' ') as [string, string]
  return { micros: parseMicros(amount)!, currency }
}

async function gatewayOf({ dataDir, settings }: AccountingParts): Promise<string> {
  const keys = await openHandoverKeys(dataDir, settings)
  keys.close()
  return keys.dids[0]
}
