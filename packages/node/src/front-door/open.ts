/**
 * The front door of a process that serves: its addresses, and its way to the owner.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Observer } from '@turnpike/gateway/observer'
import {
  BODIES_READ_MAX,
  MESSAGE_BYTES_MAX,
  MESSAGE_TIMEOUT_MS,
  MESSAGES_IN_FLIGHT_MAX,
} from '@turnpike/core/limits/ucan'
import { jsonAnswer, type ServiceAnswer, textAnswer } from '@turnpike/service/answer'
import { DID_DOCUMENT_MAX_AGE_SECONDS, didDocument } from '@turnpike/service/did-document'
import { negotiate } from '@turnpike/service/front-door'
import { receiptPage, revocationsPage } from '@turnpike/service/pages'
import { accountingPaths } from '../accounting/open.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { callOwner } from '../control/client.ts'
import { nodeHasher } from '../hasher.ts'
import { Bodies } from '../http/bodies.ts'
import { didWebUrl } from '../identity/did-web.ts'
import type { GatewayIdentity } from '../identity/identity.ts'
import type { Invoked } from './owner.ts'
import { billingReceipts, firstOf } from '../payout/receipts.ts'
import type { Asked, Route } from './routes.ts'
import { CatalogTasks } from './tasks.ts'

/** What the routes are made of. */
export interface FrontDoorOptions {
  readonly dataDir: string
  /** A connection to the folder's catalog, which may be read-only. */
  readonly catalog: DatabaseSync
  readonly identity: GatewayIdentity
  readonly observer: Observer
  /** Processes that serve. */
  readonly processes: number
}

const RETRY_AFTER = ['Retry-After', '2'] as const

/** The DID document of a gateway that is a `did:web`, on the host that it names. */
export function identityRoutes(identity: GatewayIdentity): readonly Route[] {
  const url = didWebUrl(identity.did)
  if (url === undefined) return []
  const document = jsonAnswer(
    didDocument(identity.did, identity.keys),
    DID_DOCUMENT_MAX_AGE_SECONDS,
  )
  const answer = (asked: Asked): ServiceAnswer | undefined =>
    asked.url.host === url.host ? document : undefined
  return [{ name: 'did', method: 'GET', path: url.pathname, answer }]
}

/**
 * Routes of the front door: `POST /`, `/receipt/<cid>`, `/revocations/<cid>`. Messages go to the
 * folder's owner, which alone writes to its catalog; a few at a time.
 *
 * @example
 * const routes = frontDoorRoutes({ dataDir, catalog, identity, observer, processes: 1 })
 */
export function frontDoorRoutes(options: FrontDoorOptions): readonly Route[] {
  const { catalog } = options
  const pages = {
    agent: firstOf(
      new CatalogTasks(catalog),
      billingReceipts(accountingPaths(options.dataDir).billing),
    ),
    delegations: new CatalogDelegations(catalog),
    hasher: nodeHasher,
  }
  return [
    { name: 'invoke', method: 'POST', path: '/', answer: messages(options) },
    {
      name: 'receipt',
      method: 'GET',
      path: '/receipt/',
      answer: ({ rest }) => receiptPage(rest, pages),
    },
    {
      name: 'revocations',
      method: 'GET',
      path: '/revocations/',
      answer: ({ rest }) => revocationsPage(rest, pages),
    },
  ]
}

function messages({
  dataDir,
  observer,
  processes,
}: FrontDoorOptions): (asked: Asked) => Promise<ServiceAnswer> {
  const inFlightMax = Math.max(1, Math.floor(MESSAGES_IN_FLIGHT_MAX / processes))
  const bodies = new Bodies(BODIES_READ_MAX)
  let inFlight = 0
  return async ({ request }) => {
    const refusal = negotiate(request.headers)
    if (refusal !== undefined) return refusal
    const body = await bodies.read(request, MESSAGE_BYTES_MAX)
    if (body === undefined)
      return textAnswer(413, `expected a message of at most ${MESSAGE_BYTES_MAX} bytes`)
    if (body === 'crowded' || inFlight >= inFlightMax)
      return textAnswer(503, 'too many messages at once: try again', [RETRY_AFTER])
    inFlight += 1
    try {
      return await invoke(dataDir, body, observer)
    } finally {
      inFlight -= 1
    }
  }
}

/** The owner is starting, stopping or busy; anything else is a fault of ours. */
const AWAY: ReadonlySet<string> = new Set(['NobodyThere', 'ControlLost', 'ThreadEnded'])

async function invoke(
  dataDir: string,
  body: Uint8Array,
  observer: Observer,
): Promise<ServiceAnswer> {
  const params = { message: Buffer.from(body).toString('base64') }
  const signal = AbortSignal.timeout(2 * MESSAGE_TIMEOUT_MS)
  const called = await callOwner(dataDir, 'invoke', params, { signal })
  if (called.error) {
    if (!AWAY.has(called.error.name)) observer.crash(called.error)
    return textAnswer(503, 'messages can not be taken now: try again', [RETRY_AFTER])
  }
  const answer = called.ok as Invoked
  for (const crash of answer.crashes) observer.crash(new Error(crash))
  return { ...answer, body: new Uint8Array(Buffer.from(answer.body, 'base64')) }
}
