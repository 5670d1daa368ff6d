/**
 * One read as its receipt tells it, to the operator: all fields of its entries but the secret id.
 * @module
 */
import { findRead, NoSuchRead, type FoundRead } from '@turnpike/accounting/receipts/find-read'
import { LogReader, decodeLogged } from '@turnpike/accounting/reader'
import { SealChain } from '@turnpike/accounting/seal-chain'
import { decodeState } from '@turnpike/accounting/state'
import { countJson } from '@turnpike/core/billing/quantities'
import { bytesEqual } from '@turnpike/core/bytes'
import { linkFromBytes, linkToString } from '@turnpike/core/link'
import { FRAME_GROUP_ENTRIES_MAX } from '@turnpike/core/limits/read-receipts'
import type { ExecEntry, FetchEntry } from '@turnpike/core/log/entry'
import { RECEIPT_ID_BYTES } from '@turnpike/core/log/receipt-id'
import { leafHash } from '@turnpike/core/merkle/hash'
import { encodeBase64 } from '@turnpike/core/note/base64'
import { fail, ok } from '@turnpike/core/result'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import type { AnalyticsParts } from './operations.ts'

type ReceiptParts = Pick<AnalyticsParts, 'epochs' | 'receipts' | 'log' | 'hasher'>

/** What was run and drawn on for a read: entries of its group. */
interface Beside {
  readonly fetches: FetchEntry[]
  readonly executions: ExecEntry[]
}

/**
 * The operation `gatewayReceipt {id}`, with the value of `X-Receipt-Id`.
 *
 * @example
 * const operations = { gatewayReceipt: receiptOperation(parts) }
 */
export function receiptOperation(parts: ReceiptParts): Operation {
  const chain = new SealChain()
  const { log, hasher, receipts, epochs } = parts
  return async (params) => {
    const { id } = (params ?? {}) as { readonly id?: unknown }
    const receipt = new Uint8Array(Buffer.from(typeof id === 'string' ? id : '', 'hex'))
    if (receipt.length !== RECEIPT_ID_BYTES || String(id).length !== 2 * RECEIPT_ID_BYTES)
      return fail(new InvalidParams('"id" expected the 32 hex digits of an X-Receipt-Id'))
    const committed = await log.load()
    if (committed === undefined) return fail(new NoSuchRead('log expected entries, got none'))
    const reader = new LogReader(log, hasher, decodeState(hasher, committed.bytes))
    const found = await findRead({ receipt }, reader, receipts)
    if (found.error !== undefined) return found
    const epoch = await chain.epochOf(reader, found.ok.index)
    const record = await epochs.get(epoch)
    return ok({
      id: String(id).toLowerCase(),
      index: found.ok.index,
      leaf: encodeBase64(leafHash(hasher, found.ok.bytes)),
      epoch,
      state: record?.state ?? 'pending',
      ...entryShown(found.ok),
      ...besideShown(await entriesBeside(reader, found.ok)),
    })
  }
}

/** All but the id, which hides the leaf from those who may see its hash. */
function entryShown({ read }: FoundRead): object {
  const { id: _, cid, bytes, ...fields } = read
  return { read: { ...fields, cid: cidShown(cid), bytes: countJson(bytes) } }
}

function besideShown({ fetches, executions }: Beside): object {
  return {
    fetches: fetches.map(({ provider, bytes, requests, failed }) => {
      return { provider, bytes: countJson(bytes), requests, failed }
    }),
    executions: executions.map(({ ts, cpuUs, diskReadBytes, diskWriteBytes, code, exit }) => ({
      ts,
      cpu_us: cpuUs,
      disk_read_bytes: countJson(diskReadBytes),
      disk_write_bytes: countJson(diskWriteBytes),
      code: cidShown(code),
      exit,
    })),
  }
}

/** The rest of the READ's group stands right behind it; fetches that outlived it do not. */
async function entriesBeside(reader: LogReader, { index, read }: FoundRead): Promise<Beside> {
  const beside: Beside = { fetches: [], executions: [] }
  const end = Math.min(reader.state.size, index + 1 + FRAME_GROUP_ENTRIES_MAX)
  for await (const run of reader.runs(index + 1, end))
    for (const [i, bytes] of run.entries.entries()) {
      const { kind, entry } = decodeLogged(run.first + i, bytes)
      if (kind === 'fetch' && bytesEqual(entry.id, read.id)) beside.fetches.push(entry)
      else if (kind === 'exec' && bytesEqual(entry.read, read.id)) beside.executions.push(entry)
      else return beside
    }
  return beside
}

function cidShown(bytes: Uint8Array | null): string | null {
  const link = bytes === null ? undefined : linkFromBytes(bytes)
  return link === undefined ? null : linkToString(link)
}
