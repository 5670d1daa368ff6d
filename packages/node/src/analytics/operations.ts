/**
 * Answers about reads and receipts for operators. They look at what is there and change nothing:
 * not even what has just been read is waited for. Shapes: docs/reference/admin-rpc.md.
 * @module
 */
import { decodeState, emptyState, type LogState } from '@turnpike/accounting/state'
import { countJson } from '@turnpike/core/billing/quantities'
import type { CountJson } from '@turnpike/core/billing/usage-json'
import { RPC_EPOCHS_MAX } from '@turnpike/core/limits/read-receipts'
import { encodeBase64 } from '@turnpike/core/note/base64'
import type { DomainCounts, DomainIndex, EpochCounts } from '@turnpike/core/ports/domain-index'
import type { EpochRecord, EpochStore } from '@turnpike/core/ports/epoch-store'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { ReceiptIndex } from '@turnpike/core/ports/receipt-index'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Operation } from '../control/server.ts'
import type { DomainOwners } from '../domains/owners.ts'
import { InvalidParams } from '../owner/params.ts'
import { receiptOperation } from './receipt.ts'

/** Names of the operations: those of JSON-RPC without their dots. */
export type AnalyticsOperation =
  | 'gatewayPolicy'
  | 'gatewayReadsSince'
  | 'gatewayReceipt'
  | 'gatewayEpoch'

/** What they answer from. */
export interface AnalyticsParts {
  readonly domains: DomainIndex
  readonly epochs: Pick<EpochStore, 'get' | 'progress'>
  readonly owners: Pick<DomainOwners, 'latest'>
  readonly receipts: ReceiptIndex
  readonly log: Pick<LogStore, 'load'> & LogStore
  readonly hasher: Hasher
}

/** Nothing is known of this epoch: it has no entries, or none that were looked at yet. */
export class NoSuchEpoch extends Error {
  override readonly name = 'NoSuchEpoch'
}

/** Counts as they are told. */
interface CountsShown {
  readonly reads_total: number
  readonly bytes_total: CountJson
  readonly denied_total: number
  /** Wall-clock ms; null when there was no read. */
  readonly last_access_ts: number | null
}

/** Epochs are hours since 1970: the last one that a date can have. */
const EPOCH_MAX = 2_400_000_000
const DOMAIN_CHARS_MAX = 512

/**
 * `gatewayPolicy {domain}`, `gatewayReadsSince {domain, epoch}`, `gatewayReceipt {id}` and
 * `gatewayEpoch {epoch}`.
 *
 * @example
 * const operations = { ...analyticsOperations(parts) }
 */
export function analyticsOperations(
  parts: AnalyticsParts,
): Readonly<Record<AnalyticsOperation, Operation>> {
  return {
    async gatewayPolicy(params) {
      const domain = domainIn(params)
      if (domain === undefined) return fail(NO_DOMAIN)
      const { through } = await parts.domains.standing()
      const latest = parts.owners.latest(domain)
      return ok({
        record: latest?.record ?? null,
        owner: latest?.owner ?? null,
        record_checked_ts: latest?.lastMs ?? null,
        ...shown(await parts.domains.sum(domain, 0, EPOCH_MAX)),
        as_of_index: through,
      })
    },
    async gatewayReadsSince(params) {
      const [domain, epoch] = [domainIn(params), epochIn(params)]
      if (domain === undefined) return fail(NO_DOMAIN)
      if (epoch === undefined) return fail(NO_EPOCH)
      return ok(await readsSince(parts, domain, epoch))
    },
    async gatewayEpoch(params) {
      const epoch = epochIn(params)
      if (epoch === undefined) return fail(NO_EPOCH)
      const found = await epochShown(parts, epoch)
      return found === undefined ? fail(new NoSuchEpoch(`epoch ${epoch}: no entries`)) : ok(found)
    },
    gatewayReceipt: receiptOperation(parts),
  }
}

/** Totals are of final epochs alone: what can still change is only listed. */
async function readsSince(
  { domains, epochs }: AnalyticsParts,
  domain: string,
  since: number,
): Promise<object> {
  const { finalThrough } = await epochs.progress()
  const listed = await domains.epochs(domain, since, EPOCH_MAX, RPC_EPOCHS_MAX + 1)
  const rows = await Promise.all(
    listed.slice(0, RPC_EPOCHS_MAX).map(async (counts) => {
      return rowOf(counts, await epochs.get(counts.epoch))
    }),
  )
  return {
    ...shown(await domains.sum(domain, since, finalThrough ?? -1)),
    finalized_through: finalThrough ?? null,
    epochs: rows,
    next_epoch: listed[RPC_EPOCHS_MAX]?.epoch ?? null,
  }
}

function rowOf(counts: EpochCounts, record: EpochRecord | undefined): object {
  const { epoch, reads, bytes, denied } = counts
  const root = record && encodeBase64(record.statement.root)
  const state = record?.state ?? 'pending'
  return { epoch, state, reads, bytes: countJson(bytes), denied, root: root ?? null }
}

async function epochShown(
  { domains, epochs, log, hasher }: AnalyticsParts,
  epoch: number,
): Promise<object | undefined> {
  const counts = await domains.all(epoch)
  const record = await epochs.get(epoch)
  if (record !== undefined) return { ...recordShown(record), ...shown(counts) }
  const { open, size } = await stateOf(log, hasher)
  const isOpen = open?.epoch === epoch
  if (!isOpen && counts.reads === 0 && counts.denied === 0) return undefined
  return {
    epoch,
    state: 'pending',
    first: isOpen ? open.first : null,
    end: null,
    ...(isOpen && { entries: size - open.first }),
    root: null,
    anchors: [],
    ...shown(counts),
  }
}

function recordShown({ statement, sealedMs, state, anchorings }: EpochRecord): object {
  const { epoch, previousEpoch, first, end } = statement
  return {
    epoch,
    previous_epoch: previousEpoch,
    state,
    sealed_ts: sealedMs,
    first,
    end,
    entries: end - first,
    root: encodeBase64(statement.root),
    previous_root: encodeBase64(statement.previousRoot),
    seal_leaf: encodeBase64(statement.sealLeaf),
    summary_root: encodeBase64(statement.summaryRoot),
    anchors: anchorings,
  }
}

async function stateOf(log: LogStore, hasher: Hasher): Promise<LogState> {
  const committed = await log.load()
  return committed === undefined ? emptyState(hasher) : decodeState(hasher, committed.bytes)
}

function shown({ reads, bytes, denied, lastMs }: DomainCounts): CountsShown {
  return {
    reads_total: reads,
    bytes_total: countJson(bytes),
    denied_total: denied,
    last_access_ts: lastMs === 0 ? null : lastMs,
  }
}

const NO_DOMAIN = new InvalidParams('"domain" expected a name, such as "docs.example.org"')
const NO_EPOCH = new InvalidParams('"epoch" expected an hour since 1970, such as 498592')

function domainIn(params: unknown): string | undefined {
  const { domain } = (params ?? {}) as { readonly domain?: unknown }
  const fits = typeof domain === 'string' && domain.length <= DOMAIN_CHARS_MAX
  return fits ? domain.toLowerCase() : undefined
}

function epochIn(params: unknown): number | undefined {
  const { epoch } = (params ?? {}) as { readonly epoch?: unknown }
  const fits = Number.isSafeInteger(epoch) && Number(epoch) >= 0 && Number(epoch) <= EPOCH_MAX
  return fits ? Number(epoch) : undefined
}
