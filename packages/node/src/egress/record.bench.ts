/**
 * How many records of egress a deployment verifies and commits in a second:
 * `node packages/node/src/egress/record.bench.ts [records]`.
 *
 * Each is an invocation of its own with a signature of its own, 128 to a message, over HTTP:
 * posted, verified, on disk in the inbox, and answered with a signed receipt.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { DID, invoke } from '@ucanto/core'
import * as ed25519 from '@ucanto/principal/ed25519'
import { linkFromCid, linkToBytes } from '@turnpike/core/link'
import { MESSAGE_BATCHED_MAX } from '@turnpike/core/limits/ucan'
import { encodeExecuteAll, type MessageBlock } from '@turnpike/core/retrieve/message'
import { RECORD_EGRESS } from '@turnpike/core/ucan/record'
import { signInvocation } from '@turnpike/core/ucan/sign-invocation'
import { testKey } from '@turnpike/core/testing/keys'
import { nodeHasher } from '../hasher.ts'
import { startDeployment, testFolder } from '../testing/deployment.ts'
import { CAR_TYPE, execute, post, receiptsOf } from '../testing/messages.ts'
import { letServe, RESOURCE } from './testing/records.ts'

const RECORDS = Number(process.argv[2] ?? 25_600)
const CONNECTIONS = 8

const folder = await testFolder()
const deployment = await startDeployment(folder.path, {
  delegationsFrom: 'any',
  identityInvocationsPerMinute: 1_000_000,
} as never)
const service = deployment.turnpike.whoami.gateway
const space = await ed25519.generate()
const gateway = testKey(7)
const proof = await letServe(space, DID.parse(gateway.did))
const told = await letServe(space, DID.parse(service))
const delegate = invoke({
  issuer: space,
  audience: DID.parse(service),
  capability: {
    can: 'access/delegate',
    with: space.did(),
    nb: { delegations: { [`${told.cid}`]: told.cid } },
  },
  proofs: [told] as never,
})
const introduced = await execute(deployment.url, service, delegate)
if (introduced.error !== undefined) throw new Error(introduced.error.message)

const proofs: MessageBlock[] = [{ link: linkFromCid(proof.cid)!, bytes: proof.root.bytes }]
const signer = { did: gateway.did, sign: gateway.sign as (message: Uint8Array) => Uint8Array }

async function messageOf(first: number): Promise<Uint8Array> {
  const servedAt = Date.now()
  const signed = Array.from({ length: MESSAGE_BATCHED_MAX }, (_, n) =>
    signInvocation(
      {
        audience: service,
        capability: {
          can: RECORD_EGRESS,
          with: space.did(),
          nb: { resource: RESOURCE, bytes: 1000, servedAt },
        },
        proofs,
        expiresMs: undefined,
        nonce: `${first + n}`,
      },
      { signer, hasher: nodeHasher },
    ),
  )
  const invocations = await Promise.all(signed)
  const tasks = invocations.map(({ link }) => linkToBytes(link))
  return encodeExecuteAll(tasks, [...proofs, ...invocations], nodeHasher)
}

const messages: Uint8Array[] = []
for (let first = 0; first < RECORDS; first += MESSAGE_BATCHED_MAX)
  messages.push(await messageOf(first))

async function send(body: Uint8Array): Promise<Uint8Array> {
  for (;;) {
    const response = await post(deployment.url, body, { 'content-type': CAR_TYPE })
    if (response.status === 200) return new Uint8Array(await response.arrayBuffer())
    if (response.status !== 503 && response.status !== 429) throw new Error(await response.text())
    await sleep(5)
  }
}

const answers: Uint8Array[] = []
const waiting = messages.values()
const startMs = performance.now()
const startCpu = process.cpuUsage()
await Promise.all(
  Array.from({ length: CONNECTIONS }, async () => {
    for (const body of waiting) answers.push(await send(body))
  }),
)
const seconds = (performance.now() - startMs) / 1000
const { user, system } = process.cpuUsage(startCpu)
const sent = messages.length * MESSAGE_BATCHED_MAX
let fine = 0
for (const body of answers)
  for (const { ok } of (await receiptsOf(new Response(Buffer.from(body)))).values())
    if (ok !== undefined) fine += 1
const usage = await deployment.usage()
console.log(`${sent} records, ${fine} receipts say ok, ${String(usage['reads'])} in the ledger`)
console.log(`${Math.round(sent / seconds)} records/s in ${seconds.toFixed(1)} s`)
console.log(`${Math.round((user + system) / sent)} us of CPU a record, load included`)
if (deployment.crashes.length > 0) console.log(deployment.crashes)
await deployment.stop()
await folder.remove()
