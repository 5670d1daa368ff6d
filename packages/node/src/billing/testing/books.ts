/**
 * Books of a deployment that a test writes hour by hour: ledger, owners and storage.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StatementSources } from '@turnpike/accounting/statement/sources'
import type { Opening } from '@turnpike/accounting/statement/statement'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { FREE_PLANS } from '@turnpike/core/billing/plan'
import type { Plans } from '@turnpike/core/billing/plan'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { ok } from '@turnpike/core/result'
import { CatalogProvisioning } from '../../catalog/provisioning.ts'
import { nodeHasher } from '../../hasher.ts'
import { SqliteLedger } from '../../ledger/ledger.ts'
import { openStorageRig } from '../../usage/testing/storage.ts'
import type { StorageRig } from '../../usage/testing/storage.ts'

const NO_CID = new Uint8Array(0)

/** DID of the operator of a test's gateway. */
export const OPERATOR_DID = 'did:key:operator'

/** A read of some bytes. */
export interface BookedRead {
  readonly epoch: number
  readonly space: string
  readonly bytes: bigint
}

/** Books that are written by hand. */
export class Books {
  readonly ledger: SqliteLedger
  readonly rig: StorageRig
  readonly provisioning: CatalogProvisioning
  plans: Plans = FREE_PLANS
  opening: Opening = { grants: [], creditBytes: 0n, balances: [] }

  readonly #folder: string

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'turnpike-books-'))
    this.ledger = new SqliteLedger(join(this.#folder, 'ledger.sqlite'))
    this.rig = openStorageRig()
    this.provisioning = new CatalogProvisioning(this.rig.catalog, { hasher: nodeHasher })
  }

  /** Gives files back. */
  close(): void {
    this.ledger.close()
    this.rig.close()
    rmSync(this.#folder, { recursive: true })
  }

  read({ epoch, space, bytes }: BookedRead): void {
    const counts = { reads: 1, denied: 0, errors: 0, bytes, bytesDelivered: bytes }
    const row = { epoch, space, cid: NO_CID, ...counts, bytesFetched: 0n }
    this.#apply({ rows: [row], voids: [] })
  }

  /** Voids a read in an hour. `target` is its place in the log, which nothing else checks here. */
  voidRead(epoch: number, target: number, { space, bytes, epoch: targetEpoch }: BookedRead): void {
    const voided = { target, epoch, targetEpoch, space, cid: NO_CID, bytes, reads: 1 }
    this.#apply({ rows: [], voids: [voided] })
  }

  addCustomer(did: CustomerDid, epoch: number): void {
    this.provisioning.addCustomer({ did, createdMs: epoch * EPOCH_MS })
  }

  assign(space: SpaceDid, customer: CustomerDid, epoch: number): void {
    const atMs = epoch * EPOCH_MS
    const provider = 'did:web:gateway.example'
    const assigned = this.provisioning.assign({ space, customer, provider, atMs, move: true })
    if (assigned.error !== undefined) throw assigned.error
  }

  release(space: SpaceDid, epoch: number): void {
    this.provisioning.release(space, epoch * EPOCH_MS)
  }

  /** What statements are made from, with the storage of hours before `storedUntil`. */
  sources(storedUntil: number): StatementSources {
    const { epochs } = this.ledger.query({ firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER })
    return {
      ledger: this.ledger,
      firstEpoch: epochs?.first ?? 0,
      owners: this.provisioning,
      planTerms: this.provisioning,
      plans: this.plans,
      storage: this.rig.storage,
      openings: { opening: () => ok(this.opening) },
      operators: new Set([OPERATOR_DID]),
      gateway: 'did:key:gateway',
      hasher: nodeHasher,
      storedUntil,
      breathe: async () => {},
    }
  }

  #apply(what: Pick<Parameters<SqliteLedger['apply']>[0], 'rows' | 'voids'>): void {
    const first = this.ledger.watermark()
    this.ledger.apply({ first, end: first + 1, fetched: [], ...what })
  }
}
