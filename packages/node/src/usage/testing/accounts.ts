/**
 * Ledger, owners and storage of a test, on SQLite, with reads that happen when it says so.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CustomerUsage, type CustomerUsageDeps } from '@turnpike/accounting/customer-usage'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { RollUp, VoidedRead } from '@turnpike/core/ports/ledger'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { ok } from '@turnpike/core/result'
import { CatalogProvisioning } from '../../catalog/provisioning.ts'
import { nodeHasher } from '../../hasher.ts'
import { SqliteLedger } from '../../ledger/ledger.ts'
import { openStorageRig, type StorageRig } from './storage.ts'

export const ALICE = 'did:mailto:example.com:alice'
export const BOB = 'did:mailto:example.com:bob'
export const GATEWAY = 'did:web:gateway.example'

/** Everything that a customer's usage comes from. */
export interface AccountsRig extends StorageRig {
  readonly ledger: SqliteLedger
  readonly owners: CatalogProvisioning
  readonly deps: CustomerUsageDeps
  readonly usage: CustomerUsage
  /** What the clock says. */
  nowMs: number
  /** What was delivered of a space in an hour. */
  read(space: string, epoch: number, bytes: bigint): void
  /** Voids so much of what was delivered in an hour, in another. */
  void(space: string, epoch: number, targetEpoch: number, bytes: bigint): void
  /** Gives a space to a customer, in an hour. */
  assign(space: SpaceDid, customer: CustomerDid, epoch: number, provider?: string): void
}

/** Opens one; its files go when it is closed. */
export function openAccountsRig(nowMs: number): AccountsRig {
  const directory = mkdtempSync(join(tmpdir(), 'turnpike-usage-'))
  const storage = openStorageRig()
  const ledger = new SqliteLedger(join(directory, 'ledger.sqlite'))
  const owners = new CatalogProvisioning(storage.catalog, { hasher: nodeHasher })
  let entries = 0
  const apply = (rows: RollUp[], voids: VoidedRead[]): void => {
    const applied = ledger.apply({ first: entries, end: ++entries, rows, voids, fetched: [] })
    if (applied.error) throw applied.error
  }
  const rig: Omit<AccountsRig, 'usage' | 'deps'> = {
    ...storage,
    ledger,
    owners,
    nowMs,
    read(space, epoch, bytes) {
      const counts = { reads: 1, denied: 0, errors: 0, bytesDelivered: bytes, bytesFetched: 0n }
      apply([{ epoch, space, cid: new Uint8Array(), bytes, ...counts }], [])
    },
    void(space, epoch, targetEpoch, bytes) {
      const target = { target: entries, cid: new Uint8Array(), reads: 1 }
      apply([], [{ ...target, space, epoch, targetEpoch, bytes }])
    },
    assign(space, customer, epoch, provider = GATEWAY) {
      owners.addCustomer({ did: customer, createdMs: 0 })
      const atMs = epoch * EPOCH_MS
      const assigned = owners.assign({ space, customer, provider, atMs, move: true })
      if (assigned.error) throw assigned.error
    },
    close() {
      storage.close()
      ledger.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
  const deps: CustomerUsageDeps = {
    ledger,
    storage: storage.storage,
    owners,
    operators: new Set([GATEWAY]),
    provider: GATEWAY,
    clock: { nowMs: () => whole.nowMs },
    catchUp: async () => ok({ more: false }),
  }
  const whole: AccountsRig = Object.assign(rig, { deps, usage: new CustomerUsage(deps) })
  return whole
}
