/**
 * Looks after batches of storage nodes that wait.
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as pause } from 'node:timers/promises'
import { consume } from '@turnpike/accounting/queue/consumer'
import { BATCHES_EVERY_MS } from '@turnpike/core/limits/payout'
import { SIGNATURES_KEPT_MAX } from '@turnpike/core/limits/ucan'
import { rememberSignatures } from '@turnpike/core/ucan/remember-signatures'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { wasKnown } from '../catalog/spaces.ts'
import { removeTemps } from '../durable.ts'
import { folderPaths } from '../folder/layout.ts'
import { openHandoverKeys } from '../handover/keys.ts'
import { HttpTransport } from '../origins/transport.ts'
import { SqliteQueue } from '../queue/queue.ts'
import { openSigner } from '../retrieve/signer.ts'
import { batchHandler } from './consolidate.ts'
import { BATCH_TOPIC, SqlitePayouts } from './store.ts'

/** What the job needs of accounting. */
export type PayoutParts = Pick<
  AccountingParts,
  'dataDir' | 'settings' | 'billing' | 'catalog' | 'clock' | 'random' | 'hasher'
>

/** The job. It opens nothing while no batch is due. */
export function payoutJob(parts: PayoutParts): Job {
  const { billing, clock } = parts
  const queue = new SqliteQueue(billing, clock)
  return {
    name: 'payouts',
    everyMs: BATCHES_EVERY_MS,
    async run(signal) {
      const next = queue.nextMs(BATCH_TOPIC)
      if (next !== undefined && next <= clock.nowMs()) await consolidateDue(parts, queue, signal)
    },
  }
}

async function consolidateDue(
  parts: PayoutParts,
  queue: SqliteQueue,
  signal: AbortSignal,
): Promise<void> {
  const { dataDir, settings, billing, catalog, clock, random, hasher } = parts
  const directory = join(dataDir, 'batches')
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await removeTemps(directory)
  const keys = await openHandoverKeys(dataDir, settings)
  const signAs = (await openSigner(folderPaths(dataDir).keys))!
  const transport = new HttpTransport({ allowPrivate: settings.allowPrivateOrigins })
  const { verifier, resolver } = keys.signatures
  // Receipts of one client stand on the same delegations.
  const remembered = rememberSignatures(verifier, hasher, SIGNATURES_KEPT_MAX)
  const size = catalog.prepare('SELECT size FROM blobs WHERE multihash = ?')
  const handler = batchHandler({
    payouts: new SqlitePayouts({ billing, queue, clock }),
    nodes: settings.storageNodes,
    transport,
    directory,
    hasher,
    signer: signAs(keys.dids[0]),
    checks: new SignatureChecks(remembered, resolver),
    attesters: [...keys.dids, ...settings.attestAuthorities],
    delegations: new CatalogDelegations(catalog),
    isKnown: (space) => wasKnown(catalog, space),
    blobBytes: (multihash) => size.get(multihash)?.['size'] as number | undefined,
    pause: () => pause(),
  })
  try {
    await consume(handler, { queue, clock, random }, signal)
  } finally {
    transport.close()
    keys.close()
  }
}
