/**
 * What accounting's operations and jobs are made of: its files, open, on its thread.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { CountingInbox } from '@turnpike/accounting/acks/take-ack'
import type { FollowedReceipts } from '@turnpike/accounting/receipts/followed-receipts'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { EpochFiles } from '@turnpike/core/ports/epoch-files'
import type { EpochStore } from '@turnpike/core/ports/epoch-store'
import type { Plans } from '@turnpike/core/billing/plan'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Clock, Hasher, Random } from '@turnpike/core/ports/runtime'
import type { RemadeDomainIndex } from '../analytics/remade-index.ts'
import type { Settings } from '../config/settings.ts'
import type { SqliteLedger } from '../ledger/ledger.ts'
import type { TimeBuckets } from '../metrics/histogram.ts'
import type { Journals } from './journals.ts'
import type { OpenedAccounting, StandingAccounting } from './open.ts'

/** Files and ports of a deployment's accounting. */
export interface AccountingParts {
  readonly dataDir: string
  readonly settings: Settings
  /** As their file was when accounting was opened. */
  readonly plans: Plans
  /** Catches up, answers, rebuilds, drops old entries; calls run one after the other. */
  readonly host: Pick<OpenedAccounting, 'catchUp' | 'usage' | 'rebuild' | 'dropEntries'> &
    StandingAccounting
  readonly log: LogStore
  /** Signs what the log says; its name is the log's. */
  readonly signer: NoteSigner
  /** Records of sealed epochs, and the files that are made from them. */
  readonly epochs: EpochStore
  readonly epochFiles: EpochFiles
  /** From public receipt ids to the log: it follows within about a second. */
  readonly receipts: FollowedReceipts
  /** What was read of each domain: it follows within about a second. */
  readonly domains: RemadeDomainIndex
  readonly ledger: SqliteLedger
  /** By which entries of others, VOIDs and ACKs come into the log. */
  readonly inbox: CountingInbox
  /** `billing.sqlite`; this is its only writer. */
  readonly billing: DatabaseSync
  /** The catalog, read-only: its owner writes it on another thread. */
  readonly catalog: DatabaseSync
  readonly journals: Pick<Journals, 'bytes'>
  /** How long commits of the log took. */
  readonly commitTimes: TimeBuckets
  readonly clock: Clock
  /** For what is dated for good: not ahead of where time can be. */
  readonly dating: Clock
  readonly random: Random
  readonly hasher: Hasher
}
