/**
 * Composes a gateway over a Worker's bindings.
 * @module
 */
import { MARK_MS } from '@turnpike/core/limits/log'
import {
  WORKER_ANSWER_CACHE_BYTES_MAX,
  WORKER_BLOCK_CACHE_BYTES_MAX,
  WORKER_NODE_CACHE_BYTES_MAX,
  WORKER_READ_AHEAD_BYTES_MAX,
  WORKER_SILENCE_MS,
  WORKER_SLABS_KEPT_MAX,
} from '@turnpike/core/limits/workers'
import { orderSites } from '@turnpike/core/origin/order-sites'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { createGateway } from '@turnpike/gateway/gateway'
import { hostSettings } from '@turnpike/gateway/hosts/settings'
import { silentObserver } from '@turnpike/gateway/observer'
import { PublishedGrants } from './authorizer.ts'
import { PublishedIndex } from './content-index.ts'
import { Deployment } from './deployment.ts'
import { forwardedRequest } from './forwarded.ts'
import { WorkerJournal, type JournalStub } from './journal.ts'
import type { Bucket, ObjectNamespace, RequestContext } from './platform.ts'
import { workerNames } from './names.ts'
import { r2Reader } from './r2-reader.ts'
import { Responder } from './respond.ts'
import { workerClock, workerHasher, workerRandom, workerTimer } from './runtime.ts'

/** Bindings and variables of the Worker; see wrangler.example.jsonc. */
export interface WorkerEnv {
  /** The bucket that content was published to. */
  readonly CONTENT: Bucket
  readonly JOURNAL: ObjectNamespace<JournalStub>
  /** DID of the gateway: it delivers, and pays for what no space owns. */
  readonly GATEWAY_DID: SpaceDid
  readonly REGION: string
  /** Host names that the log names, with commas between them. */
  readonly HOSTS?: string
  /** Names with a subdomain for each root, separated by commas. */
  readonly SUBDOMAIN_HOSTS?: string
  /** DNS names and what they stand for: `host:/ipfs/…`, with commas between them. */
  readonly IPFS_NS_MAP?: string
  /** `true` where only a proxy of yours reaches the Worker: its `X-Forwarded-*` is believed. */
  readonly TRUST_PROXY?: string
  /** Journal objects of the region; 8 unless told. */
  readonly JOURNAL_SHARDS?: number
  /** Silence in ms after which a read counts as dead. */
  readonly SILENCE_MS?: number
  /** Bytes of an answer of unknown length that are held. */
  readonly SPOOL_BYTES_MAX?: number
}

/** An isolate that serves. */
export interface WorkerGateway {
  fetch(request: Request, context: RequestContext): Promise<Response>
}

const SHARDS = 8
/** Period of the timer that shows the runtime that a request waits. */
const WAITING_MS = 1000

/**
 * Makes what an isolate keeps between requests. Called while one is answered, since an isolate has
 * no random numbers before.
 *
 * @param keepAlive keeps the request alive that calls it, until a promise settles
 */
export function workerGateway(
  env: WorkerEnv,
  keepAlive: (work: Promise<unknown>) => void,
): WorkerGateway {
  const onCrash = (error: unknown): void => console.error('crash', error)
  const silenceMs = env.SILENCE_MS ?? WORKER_SILENCE_MS
  const beatMs = Math.min(MARK_MS, silenceMs / 4)
  const journal = new WorkerJournal({
    stub: shardOf(env),
    clock: workerClock,
    keepAlive,
    markMs: beatMs,
    onLost: (reason, error) => console.error('entry lost', reason, error ?? ''),
  })
  const deployment = new Deployment({ bucket: env.CONTENT, clock: workerClock })
  const gateway = createGateway({
    index: new PublishedIndex(env.CONTENT, deployment),
    authorizer: new PublishedGrants(deployment, workerClock),
    readers: [r2Reader({ bucket: env.CONTENT, keepAlive })],
    sites: orderSites({ clock: workerClock, random: workerRandom }),
    hasher: workerHasher,
    clock: workerClock,
    timer: workerTimer,
    random: workerRandom,
    journal,
    observer: { ...silentObserver, crash: onCrash },
    provider: env.GATEWAY_DID,
    region: env.REGION,
    hosts: hostSettings(listOf(env.HOSTS), listOf(env.SUBDOMAIN_HOSTS)),
    ...workerNames({ bucket: env.CONTENT, clock: workerClock, map: env.IPFS_NS_MAP }),
    blockCacheBytesMax: WORKER_BLOCK_CACHE_BYTES_MAX,
    answerCacheBytesMax: WORKER_ANSWER_CACHE_BYTES_MAX,
    nodeCacheBytesMax: WORKER_NODE_CACHE_BYTES_MAX,
    readAheadBytesMax: WORKER_READ_AHEAD_BYTES_MAX,
    slabsKeptMax: WORKER_SLABS_KEPT_MAX,
  })
  const responder = new Responder({
    during: (settle) => journal.during(settle),
    monotonicMs: workerClock.monotonicMs,
    onCrash,
    beatMs,
    ...(env.SPOOL_BYTES_MAX === undefined ? {} : { spoolBytesMax: env.SPOOL_BYTES_MAX }),
  })
  const trustsProxy = env.TRUST_PROXY === 'true'
  return {
    fetch(request, context) {
      // Blocks are shared: a request that waits for one which another fetches has nothing of its
      // own to wait for, and the runtime would end it as hung. A timer is something.
      const timer = setInterval(() => {}, WAITING_MS)
      const response = gateway
        .handle(trustsProxy ? forwardedRequest(request) : request)
        .then((answer) => responder.respond(request, answer, context))
        .finally(() => clearInterval(timer))
      // A client that leaves now would take the request's context, and its record, with it.
      context.waitUntil(response.catch(() => {}))
      return response
    },
  }
}

/** Name of a region's journal object. */
export function shardName(region: string, shard: number): string {
  return `j:${region}:${shard}`
}

/** Stubs of one shard, chosen by chance once in an isolate's life. */
function shardOf(env: WorkerEnv): () => JournalStub {
  const [byte] = workerRandom.bytes(1)
  const shard = byte! % (env.JOURNAL_SHARDS ?? SHARDS)
  const id = env.JOURNAL.idFromName(shardName(env.REGION, shard))
  return () => env.JOURNAL.get(id)
}

/** Values of a variable that holds several, separated by commas. */
function listOf(variable: string | undefined): string[] {
  return (variable ?? '').split(',').filter((value) => value !== '')
}
