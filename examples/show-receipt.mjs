/**
 * Shows the receipt of a read, with its proof, to who has the key of the space that pays for it:
 * `node show-receipt.mjs GATEWAY GATEWAY_DID RECEIPT KEY_FILE`. The DID is what `turnpike whoami`
 * says. Source: docs/reference/receipts-http.md.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { CAR, DID, invoke, Message } from '@ucanto/core'
import { parse } from '@ucanto/principal/ed25519'

/** The receipt as the gateway tells it; `issuer` is the space, or who has its leave in `proofs`. */
export async function showReceipt({ gateway, did, receipt, issuer, space, proofs = [] }) {
  const invocation = await invoke({
    issuer,
    audience: DID.parse(did),
    capability: { can: 'space/receipt/get', with: space ?? issuer.did(), nb: { receipt } },
    proofs,
    expiration: Math.floor(Date.now() / 1000) + 60,
    // Each invocation is good for once.
    nonce: crypto.randomUUID(),
  }).delegate()
  const headers = { 'x-agent-message': await headerOf(invocation) }
  const answer = await fetch(new URL(`/receipts/${receipt}`, gateway), { headers })
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`)
  return answer.json()
}

/** An agent message with one invocation: a CAR, packed, in base64. */
async function headerOf(invocation) {
  const message = await Message.build({ invocations: [invocation] })
  const blocks = new Map([...message.iterateIPLDBlocks()].map((block) => [`${block.cid}`, block]))
  const car = CAR.encode({ roots: [message.root], blocks })
  // "m" is multibase for base64 without padding.
  return `m${gzipSync(car).toString('base64').replace(/=+$/, '')}`
}

const [, script, gateway, did, receipt, keyFile] = process.argv
if (keyFile !== undefined && import.meta.url === `file://${script}`) {
  const issuer = parse((await readFile(keyFile, 'utf8')).trim())
  console.log(await showReceipt({ gateway, did, receipt, issuer }))
}
