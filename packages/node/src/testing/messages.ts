/**
 * What clients of the front door send, and read, in tests: ucanto's own client over real HTTP.
 * @module
 */
import { connect } from '@ucanto/client'
import { CAR as Car, Delegation, DID, Message, type API } from '@ucanto/core'
import * as CarTransport from '@ucanto/transport/car'
import * as Http from '@ucanto/transport/http'

/** Media type of messages. */
export const CAR_TYPE = 'application/vnd.ipld.car'

/** A connection of `@ucanto/client` to the front door of a gateway. */
export function connectTo(url: string, gateway: string): API.ConnectionView<Record<string, never>> {
  return connect({
    id: DID.parse(gateway),
    codec: CarTransport.outbound,
    channel: Http.open({ url: new URL(url), method: 'POST' }),
  })
}

/** What came of an invocation: the `ok` of its receipt, or the error. */
export interface Told {
  readonly ok?: {
    readonly time?: number
    readonly delegations?: Readonly<Record<string, Uint8Array>>
  }
  readonly error?: { readonly name: string; readonly message: string; readonly stack?: string }
}

/** Invokes by `@ucanto/client`. */
export async function execute(
  url: string,
  gateway: string,
  invocation: API.IssuedInvocation,
): Promise<Told> {
  const receipts: readonly API.Receipt[] = await connectTo(url, gateway).execute(
    ...([invocation] as never),
  )
  return receipts[0]!.out as Told
}

/** Delegations that an `access/claim` was told of, as archives by their CIDs. */
export function claimedBy({ ok }: Told): Readonly<Record<string, Uint8Array>> {
  return ok!.delegations!
}

/** The body of a message with invocations, as ucanto's client sends it. */
export async function messageOf(...invocations: API.IssuedInvocation[]): Promise<Uint8Array> {
  const message = await Message.build({ invocations: invocations as never })
  return CarTransport.request.encode(message).body as Uint8Array
}

/** Sends a body to the front door. */
export function post(
  url: string,
  body: Uint8Array,
  headers: Record<string, string> = { 'content-type': CAR_TYPE, accept: CAR_TYPE },
): Promise<Response> {
  return fetch(url, { method: 'POST', body: Buffer.from(body), headers })
}

/** Receipts of an answer, by the CID of their task. */
export async function receiptsOf(response: Response): Promise<ReadonlyMap<string, Told>> {
  return receiptsIn(new Uint8Array(await response.arrayBuffer()))
}

/** Receipts of a message, by the CID of their task. */
export function receiptsIn(body: Uint8Array): ReadonlyMap<string, Told> {
  const { roots, blocks } = Car.decode(body as never)
  const message = Message.view({ root: roots[0]!.cid, store: blocks })
  const receipts = [...message.receipts.values()] as API.Receipt[]
  return new Map(receipts.map((receipt) => [String(receipt.ran.link()), receipt.out as Told]))
}

/** A delegation that lets a gateway serve a space; of all of it unless told. */
export function serveDelegation(
  space: API.Signer,
  audience: string,
  options: Partial<Parameters<typeof Delegation.delegate>[0]> = {},
): Promise<API.Delegation> {
  return Delegation.delegate({
    issuer: space,
    audience: DID.parse(audience),
    capabilities: [{ can: 'space/content/serve/*', with: space.did() }],
    expiration: Infinity,
    ...options,
  } as never)
}
