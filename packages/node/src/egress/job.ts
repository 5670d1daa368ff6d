/**
 * The job that tells another service of reads: it follows the log, and sends what is queued.
 * @module
 */
import { EGRESS_TOPIC, followEgress } from '@turnpike/accounting/egress/follow'
import { egressHandler } from '@turnpike/accounting/egress/send'
import { consume } from '@turnpike/accounting/queue/consumer'
import { LogReader } from '@turnpike/accounting/reader'
import { decodeState, emptyState, type LogState } from '@turnpike/accounting/state'
import type { Signatures } from '@turnpike/core/handover/signed-by'
import { LOG_ROUND_MS } from '@turnpike/core/limits/log'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import type { Job } from '../accounting/jobs.ts'
import type { AccountingParts } from '../accounting/parts.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import type { HandTo } from '../config/handover.ts'
import { folderPaths } from '../folder/layout.ts'
import { findKey } from '../folder/keys.ts'
import { NoGatewayKey } from '../handover/keys.ts'
import { identityOf } from '../identity/identity.ts'
import { openResolver } from '../identity/open.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { openSigner } from '../retrieve/signer.ts'
import { SqliteQueueKeeper } from '../queue/keeper.ts'
import { SqliteQueue } from '../queue/queue.ts'
import { leaveOf, type LeaveOptions } from './leave.ts'
import { entryIn, openPosition } from './position.ts'
import { postMessage } from './post.ts'

/** What the job works with. */
export type EgressParts = Pick<
  AccountingParts,
  'dataDir' | 'settings' | 'log' | 'billing' | 'catalog' | 'clock' | 'random' | 'hasher'
>

/** The job; none where no service is to hear of reads. */
export function egressJobs(parts: EgressParts): readonly Job[] {
  const { recordTo } = parts.settings
  if (recordTo === undefined) return []
  let opened: Promise<(signal: AbortSignal) => Promise<void>> | undefined
  return [
    {
      name: 'record-egress',
      everyMs: LOG_ROUND_MS,
      async run(signal) {
        opened ??= openSender(parts, recordTo, signal)
        const send = await opened.catch((error: unknown) => {
          opened = undefined
          throw error
        })
        await send(signal)
      },
    },
  ]
}

/** Index of the first entry that is still to be told; entries before it may go. */
export function egressReadBefore({ settings, billing }: EgressParts): number {
  if (settings.recordTo === undefined) return Number.MAX_SAFE_INTEGER
  return entryIn(billing) ?? Number.MAX_SAFE_INTEGER
}

async function openSender(
  parts: EgressParts,
  { did: audience, url }: HandTo,
  closing: AbortSignal,
): Promise<(signal: AbortSignal) => Promise<void>> {
  const { billing, clock, random, hasher, log, settings } = parts
  const queue = new SqliteQueue(billing, clock)
  // This is the topic's only consumer, since one process owns the folder: nobody holds anything.
  const keeper = new SqliteQueueKeeper(billing, clock)
  keeper.wake(EGRESS_TOPIC)
  const position = openPosition({ billing, queue, keeper, audience }, (await stateOf(parts)).size)
  const { providers, signatures, leave } = await openKeys(parts, closing)
  const handler = egressHandler({
    audience,
    hasher,
    signatures,
    leaveOf: (space, signal) => leaveOf(space, leave, signal),
    post: (body, signal) => postMessage(url, body, signal),
  })
  const follow = { mode: settings.recordMode, providers, hasher, position, clock }
  return async (signal) => {
    await followEgress(new LogReader(log, hasher, await stateOf(parts)), follow, signal)
    await consume(handler, { queue, clock, random }, signal)
  }
}

async function stateOf({ log, hasher }: EgressParts): Promise<LogState> {
  const committed = await log.load()
  return committed === undefined ? emptyState(hasher) : decodeState(hasher, committed.bytes)
}

/** As whom this gateway signs, and how it checks what others signed. */
interface SenderKeys {
  /** All names under which this gateway served. */
  readonly providers: readonly string[]
  readonly signatures: Signatures
  readonly leave: LeaveOptions
}

async function openKeys(
  { dataDir, settings, catalog, clock }: EgressParts,
  closing: AbortSignal,
): Promise<SenderKeys> {
  const { keys } = folderPaths(dataDir)
  const gateway = await findKey(keys, 'gateway')
  const signAs = await openSigner(keys)
  if (gateway === undefined || signAs === undefined)
    throw new NoGatewayKey(`${keys} expected the gateway's key: start \`turnpike serve\` once`)
  const previous = await findKey(keys, 'gateway.previous')
  const identity = identityOf(settings.identity, {
    gateway: gateway.did(),
    previous: previous === undefined ? [] : [previous.did()],
  })
  const { resolver, close } = openResolver({ settings, identity, clock })
  closing.addEventListener('abort', close, { once: true })
  return {
    providers: identity.dids,
    signatures: { verifier: nodeVerifier, resolver },
    leave: {
      store: new CatalogDelegations(catalog),
      // Keys that signed before don't sign any more.
      signsAs: [identity.did, gateway.did()],
      signAs,
      attesters: [...identity.dids, ...settings.attestAuthorities],
      checks: new SignatureChecks(nodeVerifier, resolver),
      clock,
    },
  }
}
