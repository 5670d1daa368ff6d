/**
 * For tests: a gateway that asks real services about content that lies at a real origin. What the
 * services say is up to the test, lies included.
 * @module
 */
import { encode } from '@ipld/dag-cbor'
import { generate } from '@ucanto/principal/ed25519'
import { base58btc } from 'multiformats/bases/base58'
import type { TestContext } from 'node:test'
import { encodeDagIndex, dagIndexLink, type IndexedSlice } from '@turnpike/core/blob-index'
import { decodeCar } from '@turnpike/core/car/decode'
import { encodeCar } from '@turnpike/core/car/encode'
import { CAR, DAG_CBOR, linkToCid, linkToString, type Link } from '@turnpike/core/link'
import { QUERY_RESULT } from '@turnpike/core/locate/answers'
import { encodeMultihash, SHA2_256 } from '@turnpike/core/multihash'
import type { Revocation } from '@turnpike/core/ports/delegations'
import type { Clock } from '@turnpike/core/ports/runtime'
import { SignatureChecks } from '@turnpike/core/ucan/signed-by'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { createGateway } from '@turnpike/gateway/gateway'
import { World, drain, gatewayDid, type Got } from '@turnpike/gateway/testing/world'
import { issueIndexClaim, issueLocationClaim } from '@turnpike/service/claims/issue'
import type { Signer } from '../../folder/keys.ts'
import { nodeHasher } from '../../hasher.ts'
import { nodeVerifier } from '../../names/verifier.ts'
import { nodeClock, nodeRandom } from '../../runtime.ts'
import { startTestOrigin, type TestOrigin } from '../../testing/origin.ts'
import { openLocators, type LocatorsOptions } from '../open.ts'

export const SPACE: Signer = await generate()
export const OTHER: Signer = await generate()
export const STRANGER: Signer = await generate()

/** A CAR and where each block lies in it. */
export interface Shard {
  readonly multihash: Uint8Array
  readonly bytes: Uint8Array
  readonly slices: readonly IndexedSlice[]
}

/** Blocks in a CAR. */
export function shardOf(blocks: readonly UnixfsBlock[]): Shard {
  const bytes = encodeCar([], blocks)
  const slices = decodeCar(bytes).ok!.frames.map((frame) => ({
    multihash: frame.link.multihash,
    offset: frame.offset,
    length: frame.bytes.length,
  }))
  return { multihash: encodeMultihash(SHA2_256, nodeHasher.sha256(bytes)), bytes, slices }
}

/** The archive of an index. */
export function indexOf(content: Link, shards: readonly Shard[]): Uint8Array {
  const listed = shards.map(({ multihash, bytes, slices }) => ({
    multihash,
    sizeBytes: bytes.length,
    slices,
  }))
  return encodeDagIndex({ content, shards: listed }, nodeHasher)
}

/** Signs that a blob lies somewhere. */
export async function located(
  issuer: Signer,
  content: Uint8Array,
  urls: readonly string[],
  more: { space?: Signer | undefined; expiresMs?: number; length?: number; offset?: number } = {},
): Promise<Uint8Array> {
  const claim = await issueLocationClaim(issuer, {
    content,
    urls,
    offset: more.offset ?? 0,
    length: more.length,
    space: more.space?.did(),
    expiresMs: more.expiresMs ?? Date.now() + 600_000,
    nonce: crypto.randomUUID(),
  })
  return claim.archive
}

/** Signs that content has an index. */
export async function indexed(
  issuer: Signer,
  content: Link,
  archive: Uint8Array,
): Promise<Uint8Array> {
  const claim = await issueIndexClaim(issuer, {
    content,
    index: dagIndexLink(archive, nodeHasher),
    space: SPACE.did(),
    expiresMs: Date.now() + 600_000,
    nonce: crypto.randomUUID(),
  })
  return claim.archive
}

/** An indexing service's answer. */
export function queryResult(
  claims: readonly Uint8Array[],
  indexes: readonly Uint8Array[] = [],
): Uint8Array {
  const frames = claims.map((archive) => decodeCar(archive).ok!.frames)
  // ucanto writes the variant last, and what it names before it.
  const roots = frames.map((blocks) => blocks.at(-2)!.link)
  const archives = indexes.map((bytes) => ({ link: dagIndexLink(bytes, nodeHasher), bytes }))
  const named = archives.map(({ link }, i) => [`context ${i}`, linkToCid(link)] as const)
  const bytes = encode({
    [QUERY_RESULT]: { claims: roots.map(linkToCid), indexes: Object.fromEntries(named) },
  })
  const multihash = encodeMultihash(SHA2_256, nodeHasher.sha256(bytes))
  const root: Link = { version: 1, codec: DAG_CBOR, multihash }
  return encodeCar([root], [{ link: root, bytes }, ...frames.flat(), ...archives])
}

/** A content claims service's answer. */
export function claimsCar(claims: readonly Uint8Array[]): Uint8Array {
  const blocks = claims.map((bytes) => {
    const multihash = encodeMultihash(SHA2_256, nodeHasher.sha256(bytes))
    return { link: { version: 1, codec: CAR, multihash } as const, bytes }
  })
  return encodeCar([], blocks)
}

/** What a service answers to a path with query: bytes, a status, or undefined for silence. */
export type Answering = (url: URL) => Uint8Array | number | undefined

/** What a test changes while a rig runs. */
export class RigState {
  answer: Answering = () => queryResult([])
  /** Ms that are added to both clocks. */
  aheadMs = 0
  readonly revocations: Revocation[] = []

  readonly clock: Clock = {
    nowMs: () => nodeClock.nowMs() + this.aheadMs,
    monotonicMs: () => nodeClock.monotonicMs() + this.aheadMs,
  }

  readonly store: LocatorsOptions['revocations'] = {
    generation: () => this.revocations.length,
    revoked: (cids) =>
      this.revocations.filter(({ cid }) => cids.some((one) => Buffer.from(one).equals(cid))),
  }
}

/** A gateway, its services and an origin. */
export interface Rig {
  readonly state: RigState
  readonly world: World
  readonly origin: TestOrigin
  readonly service: TestOrigin
  /** Asks for a block, or for what it stands for with another query. */
  get(block: Pick<UnixfsBlock, 'link'>, query?: string): Promise<Got>
  /** Puts a blob at the origin; its address. */
  put(name: string, bytes: Uint8Array): string
}

/** What of the settings matters here. */
export type RigSettings = Partial<LocatorsOptions['settings']>

const SETTINGS: LocatorsOptions['settings'] = {
  indexingServices: [],
  claimsServices: [],
  routers: [],
  indexingTimeoutMs: 400,
  claimsTimeoutMs: 400,
  routersTimeoutMs: 400,
  claimIssuers: [],
  legacyContent: 'refuse',
  allowPrivateOrigins: true,
}

/**
 * Starts one; it ends with the test. Spaces SPACE and OTHER let it serve them.
 *
 * @param settingsFor settings, by the service's address; an indexing service unless told
 */
export async function startRig(
  t: Pick<TestContext, 'after'>,
  settingsFor: RigSettings | ((service: string) => RigSettings) = {},
): Promise<Rig> {
  const state = new RigState()
  const world = new World()
  world.granted.add(SPACE.did()).add(OTHER.did())
  const origin = await startTestOrigin()
  t.after(() => origin.close())
  const service = await startService(state)
  t.after(() => service.close())
  const asked = typeof settingsFor === 'function' ? settingsFor(service.url) : settingsFor
  const locators = openLocators({
    settings: { ...SETTINGS, indexingServices: [service.url], ...asked },
    own: world,
    operator: gatewayDid,
    gateways: [gatewayDid],
    checks: new SignatureChecks(nodeVerifier),
    revocations: state.store,
    clock: state.clock,
    random: nodeRandom,
  })
  t.after(() => locators.close())
  const readers = [...locators.readers, world]
  const { clock } = state
  const deps = world.deps({ index: locators.index, readers, hasher: nodeHasher, clock })
  const gateway = createGateway(deps)
  const get: Rig['get'] = async ({ link }, query = '?format=raw') => {
    // What was located is kept for a quarter of a second.
    state.aheadMs += 300
    const url = `http://gateway.example/ipfs/${linkToString(link)}${query}`
    return drain(await gateway.handle(new Request(url)))
  }
  const put: Rig['put'] = (name, bytes) => {
    origin.put(name, bytes)
    return `${origin.url}${name}`
  }
  return { state, world, origin, service, get, put }
}

function startService(state: RigState): Promise<TestOrigin> {
  return startTestOrigin({
    intercept(request, response) {
      const said = state.answer(new URL(request.url!, 'http://service'))
      if (typeof said === 'number') response.writeHead(said).end()
      else if (said !== undefined) response.writeHead(200).end(said)
      return true
    },
  })
}

/** Multihashes that a question is about. */
export function askedFor(url: URL): string[] {
  return url.searchParams.getAll('multihash')
}

/** A multihash as services are asked for it. */
export function textOf(multihash: Uint8Array): string {
  return base58btc.encode(multihash)
}
