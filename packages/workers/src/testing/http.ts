/**
 * For tests: a plain HTTP/1.1 client on a socket, which sees what a `fetch` hides.
 * @module
 */
import { request } from 'node:http'
import type { HttpGot } from '@turnpike/gateway/testing/http-table'

/** What came of a request. `cut`: the connection ended before the body did. */
export interface RawGot extends HttpGot {
  readonly cut: boolean
}

/** Sends a request on a connection of its own; leaves after `bytesMax` bytes of the body. */
export function send(
  url: URL,
  options: { method?: string; headers?: Readonly<Record<string, string>>; bytesMax?: number } = {},
): Promise<RawGot> {
  const { method = 'GET', headers = {}, bytesMax = Infinity } = options
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes >= bytesMax) response.destroy()
      })
      response.on('error', () => {})
      response.on('close', () => {
        const fields = Object.entries(response.headers)
        resolve({
          status: response.statusCode!,
          headers: new Map(fields.map(([name, value]) => [name, String(value)])),
          body: Buffer.concat(chunks),
          cut: !response.complete,
        })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}
