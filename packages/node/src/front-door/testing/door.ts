/**
 * A front door over a real data folder, without a server, and a clock that tests set.
 * @module
 */
import type { TestContext } from 'node:test'
import { CAR as Car, DID, invoke as invocation, type API } from '@ucanto/core'
import type { FolderOwner } from '../../folder/open.ts'
import { openFolder } from '../../folder/open.ts'
import { nodeHasher } from '../../hasher.ts'
import { testFolder } from '../../testing/deployment.ts'
import { messageOf, receiptsIn, type Told } from '../../testing/messages.ts'
import { nobodyToAsk, type AskThread } from '../../threads/calls.ts'
import { openOwnedFrontDoor, type Invoked } from '../owner.ts'
import type { FrontDoorSettings } from '../settings.ts'

/** A front door to knock at. */
export interface TestDoor {
  readonly folder: FolderOwner
  /** DID of the gateway. */
  readonly gateway: string
  /** Wall-clock ms; the system's at the start. */
  readonly time: { nowMs: number }
  /** Sends a message's bytes. */
  send(body: Uint8Array): Promise<Invoked>
  /** Sends invocations in one message, and gives the outcome of the first. */
  ask(...invocations: API.IssuedInvocation[]): Promise<Told>
  /** How many delegations are stored beside the one of the default space. */
  stored(): number
}

const SETTINGS: FrontDoorSettings = {
  identity: 'key',
  didMap: [],
  attestAuthorities: [],
  delegationsFrom: 'any',
  allowPrivateOrigins: false,
  claimIssuers: [],
  plans: undefined,
  providerAdd: 'any',
  storageNodes: [],
}

/** Opens one that closes with its test. */
export async function testDoor(
  t: TestContext,
  overrides: Partial<FrontDoorSettings> = {},
  ask: AskThread = nobodyToAsk.ask,
): Promise<TestDoor> {
  const place = await testFolder()
  const time = { nowMs: Date.now() }
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => performance.now() }
  const opened = await openFolder(place.path, { clock, hasher: nodeHasher })
  if (opened.error) throw opened.error
  const folder = opened.ok
  const settings = { ...SETTINGS, ...overrides }
  const door = await openOwnedFrontDoor({ folder, clock, settings, ask })
  t.after(async () => {
    door.close()
    await folder.close()
    await place.remove()
  })
  const call = { signal: new AbortController().signal, progress() {} }
  const send = async (body: Uint8Array): Promise<Invoked> => {
    const sent = await door.invoke({ message: Buffer.from(body).toString('base64') }, call)
    if (sent.error) throw sent.error
    return sent.ok as Invoked
  }
  return {
    folder,
    gateway: settings.identity === 'key' ? folder.gateway.did() : settings.identity,
    time,
    send,
    async ask(...invocations) {
      const invoked = await send(await messageOf(...invocations))
      if (invoked.status !== 200)
        throw new Error(`${invoked.status} ${Buffer.from(invoked.body, 'base64').toString()}`)
      const [first] = receiptsIn(Buffer.from(invoked.body, 'base64')).values()
      return first!
    },
    stored() {
      const row = folder.catalog.prepare('SELECT count(*) AS n FROM space_delegations').get()
      return Number(row!.n) - 1
    },
  }
}

/** An `access/delegate`, by the space itself unless told. */
export function delegateBy(
  space: API.Signer,
  gateway: string,
  delegations: readonly API.Delegation[],
  more: object = {},
): API.IssuedInvocation {
  const named = Object.fromEntries(delegations.map(({ cid }) => [`${cid}`, cid]))
  return asked(
    space,
    gateway,
    'access/delegate',
    { delegations: named },
    {
      proofs: [...delegations],
      ...more,
    },
  )
}

/** An invocation of something about its issuer. */
export function asked(
  issuer: API.Signer,
  gateway: string,
  can: string,
  nb: object | undefined,
  more: object = {},
): API.IssuedInvocation {
  return invocation({
    issuer,
    audience: DID.parse(gateway),
    capability: { can, with: issuer.did(), ...(nb && { nb }) },
    ...more,
  } as never)
}

/** A message with some blocks left out, put in or changed. */
export function withBlocks(
  body: Uint8Array,
  change: (cid: string, bytes: Uint8Array) => Uint8Array | undefined,
): Uint8Array {
  const { roots, blocks } = Car.decode(body as never)
  const changed = new Map(blocks)
  for (const [cid, block] of blocks) {
    const bytes = change(cid, block.bytes)
    if (bytes === undefined) changed.delete(cid)
    else changed.set(cid, { cid: block.cid, bytes })
  }
  const root = roots[0]!
  return Car.encode({ roots: [changed.get(String(root.cid)) ?? root] as never, blocks: changed })
}
