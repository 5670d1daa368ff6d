/**
 * Addresses of this gateway as network indexers keep them.
 * Sources: multiaddr and its table of protocols; Storacha, `claim/cache`, with the placeholders
 * `{claim}` and `{blob}`.
 * @module
 */
import { concatBytes } from '@turnpike/core/bytes'
import { varintLength, writeVarint } from '@turnpike/core/varint'

const IP4 = 4
const TCP = 6
const DNS = 53
const HTTPS = 443
const HTTP = 480
const HTTP_PATH = 481

/**
 * Multiaddrs of claims and blobs below a public address, in binary.
 *
 * @example
 * providerAddresses('https://gateway.example') // /dns/gateway.example/tcp/443/https/http-path/…
 */
export function providerAddresses(base: string): Uint8Array[] {
  const url = new URL(base)
  const root = url.pathname.replace(/\/+$/, '')
  const isTls = url.protocol === 'https:'
  const port = Number(url.port || (isTls ? 443 : 80))
  const start = concatBytes([
    hostPart(url.hostname),
    varint(TCP),
    new Uint8Array([port >> 8, port & 0xff]),
    varint(isTls ? HTTPS : HTTP),
  ])
  return ['claim/{claim}', 'blob/{blob}'].map((path) =>
    concatBytes([start, withLength(HTTP_PATH, `${root}/${path}`.replace(/^\//, ''))]),
  )
}

function hostPart(hostname: string): Uint8Array {
  if (!/^\d+(?:\.\d+){3}$/.test(hostname)) return withLength(DNS, hostname)
  return concatBytes([varint(IP4), new Uint8Array(hostname.split('.').map(Number))])
}

function withLength(code: number, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text)
  return concatBytes([varint(code), varint(bytes.length), bytes])
}

function varint(value: number): Uint8Array {
  const bytes = new Uint8Array(varintLength(value))
  writeVarint(bytes, 0, value)
  return bytes
}
