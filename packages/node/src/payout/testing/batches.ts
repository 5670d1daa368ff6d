/**
 * For tests: receipts of retrievals and batches of them, as storage nodes make them, by ucanto.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encode as encodeCbor } from '@ipld/dag-cbor'
import { Delegation, DID, invoke, Receipt, type API } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { CID } from 'multiformats/cid'
import { sha256 } from 'multiformats/hashes/sha2'
import { carFrame, encodeCar, encodeCarHeader } from '@turnpike/core/car/encode'
import { concatBytes } from '@turnpike/core/bytes'
import { linkFromCid } from '@turnpike/core/link'

const DAG_CBOR = 0x71
const CAR = 0x0202

/** Who takes part: a space, a client that it lets read, and the node that stores the blob. */
export interface Parties {
  readonly space: ed25519.EdSigner
  readonly client: ed25519.EdSigner
  readonly node: API.Signer
  readonly leave: API.Delegation
}

/** Makes them. */
export async function makeParties(node?: API.Signer): Promise<Parties> {
  const [space, client] = [await ed25519.generate(), await ed25519.generate()]
  const leave = await Delegation.delegate({
    issuer: space,
    audience: client,
    capabilities: [{ can: 'space/content/retrieve', with: space.did() }],
    expiration: Infinity,
  })
  return { space, client, node: node ?? (await ed25519.generate()), leave }
}

/** What a retrieval is of, and how it went. */
export interface Retrieved {
  readonly first?: number
  readonly last?: number
  /** Seconds since the Unix epoch at which the invocation ends. */
  readonly expiration?: number
  readonly notBefore?: number
  readonly proofs?: readonly API.Delegation[]
  readonly can?: string
  readonly with?: string
  readonly audience?: string
  readonly digest?: Uint8Array
  readonly nonce?: string
  readonly issuedBy?: API.Signer
  readonly error?: boolean
  /** Tells two receipts of one invocation apart. */
  readonly meta?: Readonly<Record<string, unknown>>
}

let nonces = 0

/** The invocation of a retrieval. */
export async function retrieval(parties: Parties, of: Retrieved = {}): Promise<API.Delegation> {
  const { space, client, node, leave } = parties
  const { first = 0, last = 99, proofs = [leave], nonce = `${nonces++}` } = of
  const digest = of.digest ?? (await sha256.digest(new Uint8Array([1]))).bytes
  return invoke({
    issuer: client,
    audience: DID.parse(of.audience ?? node.did()),
    capability: {
      can: of.can ?? 'space/content/retrieve',
      with: of.with ?? space.did(),
      nb: { blob: { digest }, range: [first, last] },
    },
    proofs,
    nonce,
    expiration: of.expiration ?? Math.floor(Date.now() / 1000) + 30,
    ...(of.notBefore !== undefined && { notBefore: of.notBefore }),
  } as never).delegate() as unknown as Promise<API.Delegation>
}

/** An archived receipt, its CID, and the bytes of the archive. */
export interface Archived {
  readonly cid: string
  readonly bytes: Uint8Array
}

/** The receipt of a retrieval in an archive: CAR of its blocks, with a root that names it. */
export async function receiptOf(
  parties: Parties,
  of: Retrieved = {},
  ran?: API.Delegation,
): Promise<Archived> {
  const invocation = ran ?? (await retrieval(parties, of))
  const receipt = await Receipt.issue({
    issuer: of.issuedBy ?? parties.node,
    ran: invocation as never,
    result: of.error ? { error: { name: 'NotFound', message: 'gone' } } : { ok: {} },
    meta: of.meta ?? {},
  } as never)
  const root = encodeCbor({ 'ucan/receipt@0.9.1': receipt.root.cid })
  const rootCid = CID.createV1(DAG_CBOR, await sha256.digest(root))
  const blocks = [...receipt.iterateIPLDBlocks(), ...invocation.iterateIPLDBlocks()]
  const unique = new Map(blocks.map(({ cid, bytes }) => [String(cid), { cid, bytes }]))
  const frames = [...unique.values()].map(({ cid, bytes }) => {
    return { link: linkFromCid(cid as unknown as CID), bytes }
  })
  const link = linkFromCid(rootCid)
  const bytes = encodeCar([link], [...frames, { link, bytes: root }])
  return { cid: String(receipt.root.cid), bytes }
}

/** A batch: a CAR without roots, each of whose blocks is an archived receipt. */
export interface Batch {
  readonly cid: CID
  readonly bytes: Uint8Array
}

/** Puts archives into a batch. */
export async function batchOf(archives: readonly Uint8Array[]): Promise<Batch> {
  const parts = [encodeCarHeader([])]
  for (const bytes of archives) {
    const link = linkFromCid(CID.createV1(CAR, await sha256.digest(bytes)))
    parts.push(carFrame(link, bytes.length), bytes)
  }
  const bytes = concatBytes(parts)
  return { cid: CID.createV1(CAR, await sha256.digest(bytes)), bytes }
}

/** A storage node's server of batches. */
export interface BatchServer {
  readonly origin: string
  readonly endpoint: string
  /** Answers for addresses that end with this CID; anything else is 404. */
  answer(cid: string, how: (request: IncomingMessage, response: ServerResponse) => void): void
  /** Serves a batch as it is. */
  serve(batch: Batch): void
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** Starts one. */
export async function serveBatches(): Promise<BatchServer> {
  const answers = new Map<string, (request: IncomingMessage, response: ServerResponse) => void>()
  const requests: string[] = []
  const server: Server = createServer((request, response) => {
    const path = request.url ?? ''
    requests.push(path)
    const how = answers.get(path.slice(path.lastIndexOf('/') + 1))
    if (how === undefined) response.writeHead(404).end()
    else how(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    origin,
    endpoint: `${origin}/receipts/{cid}`,
    answer: (cid, how) => void answers.set(cid, how),
    serve: ({ cid, bytes }) =>
      void answers.set(String(cid), (_request, response) => response.end(bytes)),
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
