/**
 * Fetches through @helia/verified-fetch, with one gateway and one router and nobody else: a line
 * of JSON in for each request, a line of JSON out for each answer.
 *
 * `node client.mjs URL`
 * @module
 */
import { createHash } from 'node:crypto'
import { createInterface } from 'node:readline'
import { withHTTP } from '@helia/http'
import { createVerifiedFetch } from '@helia/verified-fetch'
import * as dagCbor from '@ipld/dag-cbor'
import * as dagJson from '@ipld/dag-json'
import { createHeliaLight } from 'helia'
import * as json from 'multiformats/codecs/json'

const [url] = process.argv.slice(2)

const helia = await withHTTP(createHeliaLight({ codecs: [dagCbor, dagJson, json] }), {
  delegatedRouters: [url],
  recursiveGateways: [url],
  allowInsecure: true,
  allowLocal: true,
}).start()
const verifiedFetch = await createVerifiedFetch(helia)

async function answer({ resource, headers, timeoutMs }) {
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const response = await verifiedFetch(resource, { headers, signal })
    const body = new Uint8Array(await response.arrayBuffer())
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      bytes: body.length,
      sha256: createHash('sha256').update(body).digest('hex'),
      body: body.length <= 100_000 ? Buffer.from(body).toString('base64') : undefined,
    }
  } catch (error) {
    return { error: String(error) }
  }
}

for await (const line of createInterface({ input: process.stdin }))
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`)
await verifiedFetch.stop()
await helia.stop()
