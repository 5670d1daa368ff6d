/**
 * For tests: a plain HTTP/1.1 client on a socket, which sees what a `fetch` hides.
 * @module
 */
import { request, type IncomingMessage } from 'node:http'
import type { HttpGot } from '@turnpike/gateway/testing/http-table'

/** What came of a request. `cut`: the connection ended before the body did. */
export interface RawGot extends HttpGot {
  readonly cut: boolean
}

/** How a request is sent. */
export interface SendOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Leaves after so many bytes of the body. */
  readonly bytesMax?: number
  /** Hears of the head; the body is read on when its promise resolves. */
  readonly onHead?: (response: IncomingMessage) => Promise<void>
}

/** Sends a request on a connection of its own. */
export function send(url: URL, options: SendOptions = {}): Promise<RawGot> {
  const { method = 'GET', headers = {}, bytesMax = Infinity, onHead } = options
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = []
      let bytes = 0
      if (onHead !== undefined) void onHead(response).then(() => response.resume())
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        bytes += chunk.length
        if (bytes >= bytesMax) response.destroy()
      })
      if (onHead !== undefined) response.pause()
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
