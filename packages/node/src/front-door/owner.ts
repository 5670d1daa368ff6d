/**
 * The front door on the owner's side: where invocations are run, one process for all that serve.
 * @module
 */
import type { API } from '@ucanto/core'
import {
  MESSAGE_BYTES_MAX,
  MESSAGE_TIMEOUT_MS,
  SIGNATURES_KEPT_MAX,
} from '@turnpike/core/limits/ucan'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import { checkServeDelegation } from '@turnpike/core/ucan/serve'
import { rememberSignatures } from '@turnpike/core/ucan/remember-signatures'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import { claimAbilities } from '@turnpike/service/claims/abilities'
import { type FrontDoor, openFrontDoor } from '@turnpike/service/front-door'
import { openTaking } from '../claims/take.ts'
import { CatalogDelegations } from '../catalog/delegations.ts'
import { isKnown } from '../catalog/spaces.ts'
import type { Operation } from '../control/server.ts'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { type GatewayIdentity, identityOf } from '../identity/identity.ts'
import { openResolver } from '../identity/open.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { InvalidParams } from '../owner/params.ts'
import { doorAbilities } from './abilities.ts'
import { batchAbilities } from './batch-abilities.ts'
import type { FrontDoorSettings } from './settings.ts'
import { openRetrieve } from '../retrieve/open.ts'
import { nodeRandom, nodeTimer } from '../runtime.ts'
import type { AskThread } from '../threads/calls.ts'
import { CatalogTasks } from './tasks.ts'

/** What `invoke` answers. */
export interface Invoked {
  readonly status: number
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Base64. */
  readonly body: string
  /** What broke here, for the log. */
  readonly crashes: readonly string[]
}

/** A front door over an owned folder. */
export interface OwnedFrontDoor {
  /** `invoke {message}`, with an agent message in base64. */
  readonly invoke: Operation
  close(): void
}

/** What it is opened with. */
export interface OwnedFrontDoorOptions {
  readonly folder: Pick<FolderOwner, 'catalog' | 'gateway' | 'paths' | 'previous'>
  readonly clock: Clock
  readonly settings: FrontDoorSettings
  /** Asks accounting. */
  readonly ask: AskThread
}

/**
 * Opens the front door of a folder that this process owns.
 *
 * @example
 * const door = await openOwnedFrontDoor({ folder, clock: nodeClock, settings })
 */
export async function openOwnedFrontDoor({
  folder,
  clock,
  settings,
  ask,
}: OwnedFrontDoorOptions): Promise<OwnedFrontDoor> {
  const { gateway, previous } = folder
  const keys = { gateway: gateway.did(), previous: previous.map((key) => key.did()) }
  const identity = identityOf(settings.identity, keys)
  const { resolver, close } = openResolver({ settings, identity, clock })
  const { catalog } = folder
  const delegations = new CatalogDelegations(catalog)
  const signatures = rememberSignatures(nodeVerifier, nodeHasher, SIGNATURES_KEPT_MAX)
  const checks = new SignatureChecks(signatures, resolver)
  const attesters = settings.attestAuthorities
  const trust = { gateways: identity.dids, attesters: [...identity.dids, ...attesters], checks }
  const stores = { hasher: nodeHasher, store: delegations }
  const retrieve = await openRetrieve({
    ...trust,
    resolver,
    keys: folder.paths.keys,
    catalog,
    identity,
    clock,
    random: nodeRandom,
  })
  const taking = openTaking({
    invoker: retrieve?.invoker,
    folder,
    clock,
    checks,
    trust: { gateways: identity.dids, issuers: settings.claimIssuers },
    serves: (space) => delegations.forSpace(space).length > 0,
    allowPrivate: settings.allowPrivateOrigins,
  })
  const { crash, takeCrashes } = keptCrashes()
  const common = { folder, identity, clock, ask }
  const signing = { signer: signerOf(folder.gateway, identity), dids: identity.dids }
  const door = await openFrontDoor({
    identity: signing,
    attesters,
    agent: new CatalogTasks(catalog),
    delegations,
    checkDelegation: (archive, space, signal) =>
      checkServeDelegation(archive, { space, signal, nowMs: clock.nowMs(), ...trust, ...stores }),
    serves: (space) => settings.delegationsFrom === 'any' || isKnown(catalog, space),
    resolver,
    signatures,
    hasher: nodeHasher,
    clock,
    abilities: [
      ...claimAbilities({ ...taking, timer: nodeTimer }),
      ...doorAbilities({ ...common, signing, settings }),
    ],
    batchAbilities: batchAbilities({ ...common, ...trust, delegations, resolver, crash }),
    crash,
  })
  return {
    invoke: invokeOperation(door, takeCrashes),
    close() {
      taking.close()
      close()
    },
  }
}

/** Keeps what broke for whoever hears of it next. */
function keptCrashes(): { crash(error: unknown): void; takeCrashes(): readonly string[] } {
  const crashes: string[] = []
  return {
    crash: (error) => crashes.push(error instanceof Error ? `${error.stack}` : String(error)),
    takeCrashes: () => crashes.splice(0),
  }
}

/** The folder's key, under the name that the gateway has. */
function signerOf(gateway: FolderOwner['gateway'], { did }: GatewayIdentity): API.Signer {
  return did === gateway.did() ? gateway : gateway.withDID(did as `did:web:${string}`)
}

function invokeOperation(door: FrontDoor, takeCrashes: () => readonly string[]): Operation {
  return async (params) => {
    const { message } = (params ?? {}) as { readonly message?: unknown }
    if (typeof message !== 'string') return fail(new InvalidParams('"message" expected base64'))
    const body = new Uint8Array(Buffer.from(message, 'base64'))
    if (body.length > MESSAGE_BYTES_MAX)
      return fail(new InvalidParams(`"message" expected <= ${MESSAGE_BYTES_MAX} bytes`))
    const answer = await door.answer(body, AbortSignal.timeout(MESSAGE_TIMEOUT_MS))
    const invoked: Invoked = {
      status: answer.status,
      headers: answer.headers,
      body: Buffer.from(answer.body).toString('base64'),
      crashes: takeCrashes(),
    }
    return ok(invoked)
  }
}
