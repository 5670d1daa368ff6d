/**
 * For tests: batches that are tracked and consolidated over real files, sockets and SQLite.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import { setImmediate as pause } from 'node:timers/promises'
import { decode } from '@ipld/dag-cbor'
import { CID } from 'multiformats/cid'
import type { sha256 } from 'multiformats/hashes/sha2'
import { consume, type Consumed } from '@turnpike/accounting/queue/consumer'
import type { PaidRow } from '@turnpike/core/ports/payouts'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { openBilling } from '../../billing/database.ts'
import { nodeHasher } from '../../hasher.ts'
import { nodeVerifier } from '../../names/verifier.ts'
import { HttpTransport } from '../../origins/transport.ts'
import { SqliteQueue } from '../../queue/queue.ts'
import { nodeRandom } from '../../runtime.ts'
import { batchHandler, type ConsolidateDeps } from '../consolidate.ts'
import { SqlitePayouts } from '../store.ts'
import { type Batch, type BatchServer, makeParties, type Parties, serveBatches } from './batches.ts'

/** What a consolidation's receipt says. */
export interface ToldConsolidation {
  readonly ok?: {
    readonly totalEgress: number
    readonly errors: readonly { readonly name: string; readonly receipt: CID }[]
  }
  readonly error?: { readonly name: string; readonly message: string }
}

/** Everything from a node's server to the books. */
export interface PayoutRig {
  readonly parties: Parties
  readonly server: BatchServer
  readonly billing: DatabaseSync
  readonly payouts: SqlitePayouts
  readonly queue: SqliteQueue
  readonly deps: ConsolidateDeps
  readonly time: { nowMs: number }
  /** Tracks a batch that the server serves; the consolidation's CID. */
  track(batch: Batch, url?: string): CID
  /** Consolidates what is due. */
  run(deps?: Partial<ConsolidateDeps>): Promise<Consumed>
  /** What came of a consolidation; undefined while it waits. */
  told(task: CID): ToldConsolidation | undefined
  /** What the node is paid in a month. */
  paid(month: string): PaidRow[]
}

/** Opens one that goes with its test. */
export async function payoutRig(t: TestContext): Promise<PayoutRig> {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-payout-'))
  const billing = openBilling(join(directory, 'billing.sqlite')).ok!
  const time = { nowMs: Date.now() }
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => performance.now() }
  const queue = new SqliteQueue(billing, clock)
  const payouts = new SqlitePayouts({ billing, queue, clock })
  const parties = await makeParties()
  const server = await serveBatches()
  const transport = new HttpTransport({ allowPrivate: true })
  t.after(async () => {
    transport.close()
    await server.close()
    billing.close()
    rmSync(directory, { recursive: true })
  })
  const gateway = 'did:web:gateway.example'
  const deps: ConsolidateDeps = {
    payouts,
    nodes: [{ did: parties.node.did(), origin: server.origin }],
    transport,
    directory,
    hasher: nodeHasher,
    signer: { did: gateway, sign: () => new Uint8Array(64) },
    checks: new SignatureChecks(nodeVerifier),
    attesters: [gateway],
    delegations: { revoked: () => [] },
    isKnown: (space) => space === parties.space.did(),
    blobBytes: () => undefined,
    pause: () => pause(),
  }
  return {
    parties,
    server,
    billing,
    payouts,
    queue,
    deps,
    time,
    track({ cid }, url = `${server.origin}/receipts/${cid}`) {
      const task = CID.createV1(0x71, syncDigest(`${cid} ${nonce++}`))
      const { ok } = payouts.track({
        node: parties.node.did(),
        batch: cid.bytes,
        url,
        trackedMs: time.nowMs,
        task: task.bytes,
        invocation: new Uint8Array(),
      })
      return CID.decode(ok!.task)
    },
    run: (more = {}) =>
      consume(
        batchHandler({ ...deps, ...more }),
        { queue, clock, random: nodeRandom },
        new AbortController().signal,
      ),
    told(task) {
      const row = billing
        .prepare('SELECT receipt FROM payout_batches WHERE task = ? AND receipt IS NOT NULL')
        .get(task.bytes)
      return row && (decode(row['receipt'] as Uint8Array) as { ocm: { out: object } }).ocm.out
    },
    paid: (month) => [...payouts.paid(parties.node.did(), month)],
  }
}

let nonce = 0

function syncDigest(text: string): Awaited<ReturnType<typeof sha256.digest>> {
  const digest = nodeHasher.sha256(new TextEncoder().encode(text))
  const bytes = new Uint8Array([0x12, 0x20, ...digest])
  return { code: 0x12, size: 32, digest, bytes } as never
}
