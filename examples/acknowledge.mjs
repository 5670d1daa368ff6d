/**
 * Fetches a URL from a Turnpike gateway, and signs what was got: `node acknowledge.mjs URL`.
 * It uses nothing but what browsers have, too. Source: docs/concepts/acknowledgements.md.
 * @module
 */

/** The body, and whether the gateway took the acknowledgement. */
export async function fetchAndAcknowledge(url, keys) {
  const response = await fetch(url)
  const body = new Uint8Array(await response.arrayBuffer())
  const receipt = response.headers.get('x-receipt-id')
  return { body, receipt, acknowledged: await acknowledge(url, keys, receipt, body.length) }
}

/** Signs (log, receipt, bytes, time) with an Ed25519 key, and tells the gateway. */
async function acknowledge(url, { privateKey, publicKey }, receipt, bytes) {
  // The log's name stands in its verifier key: `<name>+<hash>+<key>`.
  const vkey = await (await fetch(new URL('/receipts/vkey', url))).text()
  const origin = vkey.split('+')[0]
  const ts = Date.now()
  const message = `receipt-ack/v1\n${origin}\n${receipt}\n${bytes}\n${ts}\n`
  const signed = await crypto.subtle.sign('Ed25519', privateKey, new TextEncoder().encode(message))
  const key = base64(await crypto.subtle.exportKey('raw', publicKey))
  const ack = JSON.stringify({ receipt, bytes, ts, key, signature: base64(signed) })
  // The read is in the log some seconds after its end; until then the answer is 404.
  for (let tries = 0; tries < 5; tries++) {
    const answer = await fetch(new URL('/receipts/ack', url), { method: 'POST', body: ack })
    if (answer.ok) return true
    if (answer.status !== 404 && answer.status !== 503) throw new Error(await answer.text())
    await new Promise((resolve) => setTimeout(resolve, 2000))
  }
  return false
}

function base64(bytes) {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
}

const [, script, url] = globalThis.process?.argv ?? []
if (url !== undefined && import.meta.url === `file://${script}`) {
  const keys = await crypto.subtle.generateKey('Ed25519', false, ['sign', 'verify'])
  const { body, receipt, acknowledged } = await fetchAndAcknowledge(url, keys)
  console.log(`${body.length} bytes, receipt ${receipt}, acknowledged: ${acknowledged}`)
}
