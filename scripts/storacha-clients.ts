/**
 * Storacha's clients, from their tree in `compat/`, as tests use them.
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { makeParties } from '../packages/node/src/payout/testing/batches.ts'
import { serve, turnpikeJson, type Server } from './campaigns/rig/turnpike.ts'

const tree = resolve(import.meta.dirname, '../compat/storacha')

/** Why tests with them are skipped, if they are: they start many processes. */
export const skip: string | false = whySkip()

function whySkip(): string | false {
  if (!existsSync(join(tree, 'node_modules'))) return 'run npm run compat, which installs it'
  return process.env.TURNPIKE_COMPAT === undefined && 'run npm run compat, or set TURNPIKE_COMPAT'
}

/** A gateway that clients talk to. */
export interface Gateway {
  readonly url: string
  readonly did: string
  /** What its receipts are signed with. */
  readonly key: string
}

/** What a receipt tells; `ok` has the names of its fields. */
export interface Told {
  readonly ok?: readonly string[]
  readonly error?: { readonly name: string; readonly message: string }
  /** CID of the receipt. */
  readonly receipt: string
  readonly isSigned: boolean
}

/** A space with its key: `@ucanto/client` and `@storacha/capabilities`. */
export interface Owner {
  readonly did: string
  /** Its signer, for other clients. */
  readonly key: unknown
  serve(to?: string): Promise<Told & { readonly cid: string }>
  serveWithToken(token: string | null): Promise<Told & { readonly cid: string }>
  claim(of?: string): Promise<{
    readonly error?: Told['error']
    readonly cids: readonly string[]
    readonly abilities: readonly string[]
  }>
  revoke(cid: string): Promise<Told>
  report(period: { readonly from: number; readonly to: number }, of?: string): Promise<Outcome>
  ask(can: string, how?: { readonly to?: string; readonly times?: number }): Promise<Told[]>
}

/** Somebody with `@storacha/client`. */
export interface User {
  readonly did: string
  space(): Promise<string>
  servedSpace(isNamed: boolean): Promise<string>
  report(space: string, from: Date, to: Date): Promise<Readonly<Record<string, unknown>>>
  authorize(space: string, options?: { readonly expiration?: number }): Promise<string>
  revoke(cid: string): Promise<{ readonly ok?: readonly string[]; readonly error?: string }>
  claim(): Promise<readonly string[]>
}

/** A content claim; multihashes are in base58btc. */
export interface ShownClaim {
  readonly type: string
  readonly content: string
  readonly issuer: string
  readonly audience: string
  readonly expiration: number
  readonly location?: readonly string[]
  readonly range?: { readonly offset: number; readonly length?: number }
  readonly space?: string
  readonly index?: string
}

/** Where a block lies in a shard. */
export interface ShownSlice {
  readonly slice: string
  readonly offset: number
  readonly length: number
}

/** What an index says. */
export interface ShownIndex {
  /** CID of the DAG's root. */
  readonly content: string
  readonly shards: readonly { readonly shard: string; readonly slices: readonly ShownSlice[] }[]
}

/** What a query came to. */
export interface Answered {
  readonly error?: Told['error']
  readonly claims: readonly ShownClaim[]
  readonly indexes: readonly (ShownIndex & { readonly cid: string })[]
}

/** Somebody who asks for claims in both ways of the field. */
export interface Reader {
  query(
    cids: readonly string[],
    how?: { readonly spaces?: readonly string[]; readonly kind?: string },
  ): Promise<Answered>
  read(cid: string, walk?: readonly string[]): Promise<readonly ShownClaim[]>
}

/** Content as Storacha's client packs it. */
export interface Packed {
  readonly root: string
  readonly shard: Uint8Array
  readonly index: Uint8Array
}

/** What came of an invocation; of an error, its name. */
export interface Outcome {
  readonly ok?: Readonly<Record<string, unknown>>
  readonly error?: string
}

/** A key of a login service. */
export interface Login {
  did(): string
  toDIDKey(): string
}

/** Somebody who is logged in with an email account. */
export interface Customer {
  readonly did: string
  /** Invokes a capability, an object of `@storacha/capabilities`, about the account. */
  ask(capability: unknown, nb?: object): Promise<Outcome>
  provide(consumer: string): Promise<Outcome>
  subscriptions(): Promise<Outcome>
  plan(): Promise<Outcome>
  choose(product: string): Promise<Outcome>
  usage(about?: object): Promise<Outcome>
  egress(about?: object): Promise<Outcome>
}

/** Whoever has the key of the gateway, and asks in its name. */
export interface Operator {
  ask(capability: unknown, nb: object): Promise<Outcome>
  hasConsumer(consumer: string): Promise<{ readonly ok?: boolean; readonly error?: string }>
  consumer(consumer: string): Promise<Outcome>
  customer(customer: string): Promise<Outcome>
}

/** A storage node that is paid by receipts. */
export interface NodeClient {
  readonly did: string
  /** Its signer. */
  readonly key: Parameters<typeof makeParties>[0]
  track(
    gateway: Gateway,
    batch: string,
    endpoint: string,
    leave?: Uint8Array,
  ): Promise<{
    readonly ok?: object
    readonly error?: string
    readonly fork: readonly string[]
    readonly isSigned: boolean
  }>
  poll(
    gateway: Gateway,
    task: string,
  ): Promise<{ readonly ok?: object; readonly isSigned: boolean } | undefined>
}

/** What came of a record of egress. */
export interface Recorded {
  readonly ok?: {
    readonly space: string
    readonly resource: string
    readonly bytes: number
    readonly servedAt: string
    readonly cause: string
  }
  readonly error?: string
  /** CID of the invocation. */
  readonly task: string
  readonly isSigned: boolean
}

/** A gateway of somebody else's that records its egress. */
export interface Recorder {
  readonly did: string
  record(
    reads: readonly {
      readonly resource: string
      readonly bytes: number
      readonly servedAt: number
      readonly nonce: string
    }[],
  ): Promise<Recorded[]>
}

/** All of them. */
export interface Clients {
  makeRecorder(service: Gateway, owner: Owner): Promise<Recorder>
  makeStorageNode(): Promise<NodeClient>
  makeLogin(did: string): Promise<Login>
  makeCustomer(gateway: Gateway, login: Login, did: string): Promise<Customer>
  makeOperator(gateway: Gateway, key: string): Operator
  makeOwner(gateway: Gateway): Promise<Owner>
  makeUser(gateway: Gateway): Promise<User>
  makeReader(gateway: Gateway, token?: string): Reader
  readIndex(archive: Uint8Array): Promise<ShownIndex & { readonly isSame: boolean }>
  indexShards(root: string, shards: readonly Uint8Array[]): Promise<ShownIndex>
  readSlice(url: string, slice: ShownSlice): Promise<boolean>
  fetchBlocks(gateway: Gateway, multihashes: readonly string[]): Promise<number>
  pack(text: string): Promise<Packed>
  lie(root: string, shard: Uint8Array): Promise<Uint8Array>
  publish(
    gateway: Gateway,
    key: unknown,
    packed: Packed,
    at: { readonly shardUrl: string; readonly indexUrl: string },
  ): Promise<readonly string[]>
  publishAsService(gateway: Gateway, key: unknown, packed: Packed): Promise<readonly string[]>
}

/** Loads what is installed. */
export async function loadClients(): Promise<Clients> {
  const names = [
    'owner.mjs',
    'user.mjs',
    'claims.mjs',
    'fetcher.mjs',
    'publisher.mjs',
    'customer.mjs',
    'storage-node.mjs',
    'recorder.mjs',
  ]
  const modules = await Promise.all(names.map((name) => import(join(tree, name))))
  return Object.assign({}, ...modules) as Clients
}

/** Serves a data folder with its own DID, to be talked to. */
export async function serveGateway(
  data: string,
  ...flags: readonly string[]
): Promise<Gateway & Pick<Server, 'stop'>> {
  const { port, stop } = await serve(data, '--delegations-from', 'any', ...flags)
  const { did, key } = await turnpikeJson('whoami', '--data', data)
  return { url: `http://127.0.0.1:${port}`, did: String(did), key: String(key), stop }
}

/** Status of an answer, which is read to its end. */
export async function statusOf(url: string, authorization?: string): Promise<number> {
  const response = await fetch(url, { headers: authorization ? { authorization } : {} })
  await response.arrayBuffer()
  return response.status
}

/** Waits for a status: what a space says, and what claims say, is in force within a second. */
export async function within1s(url: string, status: number): Promise<void> {
  const startMs = performance.now()
  for (;;) {
    const got = await statusOf(url)
    if (got === status) return
    assert.ok(performance.now() - startMs < 1000, `${url} expected ${status} in 1 s, got ${got}`)
    await sleep(20)
  }
}
