/**
 * Rows of the conformance tables: what is sent, what must come back, and what differs. The tables
 * stand here so that every adapter runs the same ones.
 * @module
 */
import { request as httpRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { decodeCar } from '@turnpike/core/car/decode'
import { linkToString } from '@turnpike/core/link'
import { verifyBlock } from '../../blocks/verify.ts'
import { type MultipartWanted, multipartFaults } from './multipart.ts'
import { hasher } from '../world.ts'
import { treeOf, untar } from '../untar.ts'

/** A header's value: exact, matching, or `undefined` for a header that must be absent. */
export type Wants = Readonly<Record<string, string | RegExp | undefined>>

/** One request and what must be answered. */
export interface ConformanceCase {
  readonly name: string
  readonly method?: string
  /** Request target as it stands in the request line. */
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent through a tunnel that `CONNECT` to the gateway itself opened. */
  readonly tunnel?: boolean
  readonly status: number
  readonly wants?: Wants
  /** The body: exact, or matching as text. */
  readonly body?: Uint8Array | RegExp
  /** CIDs of the CAR that the body is, in exact order. */
  readonly car?: readonly string[]
  /** The TAR that the body is: bytes of files, targets of symlinks, null for folders, in order. */
  readonly tar?: Readonly<Record<string, Uint8Array | string | null>>
  /** Ranges that the body has in parts. */
  readonly multipart?: MultipartWanted
}

/** An answer as it came over HTTP. */
export interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array
}

/** Sends a request whose target is not normalised on the way. */
export async function send(
  url: string,
  request: Omit<ConformanceCase, 'name' | 'status'>,
): Promise<Got> {
  const { hostname, port } = new URL(url)
  const { method = 'GET', path, headers = {}, tunnel = false } = request
  const socket = tunnel ? await tunnelTo(hostname, port) : undefined
  const through = socket && { createConnection: () => socket }
  return new Promise((resolve, reject) => {
    const options = {
      hostname,
      port,
      path,
      method,
      headers: { ...headers },
      agent: false,
      ...through,
    }
    const sent = httpRequest(options, (response) => {
      response.toArray().then((chunks) => {
        const body = Buffer.concat(chunks)
        resolve({ status: response.statusCode!, headers: response.headers, body })
      }, reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** The socket of a tunnel that a server opened to itself. */
function tunnelTo(hostname: string, port: string): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const options = { hostname, port, method: 'CONNECT', path: `${hostname}:${port}`, agent: false }
    const sent = httpRequest(options)
    sent.on('connect', ({ statusCode }, socket) => {
      if (statusCode === 200) resolve(socket)
      else reject(new Error(`CONNECT expected 200, got ${statusCode}`))
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** What an answer has that it must not, or lacks. Empty: it conforms. */
export function faults(wanted: ConformanceCase, got: Got): string[] {
  const found: string[] = []
  const say = (what: string, a: unknown, b: unknown): number =>
    found.push(`${what} expected ${String(a)}, got ${String(b)}`)
  if (got.status !== wanted.status) say('status', wanted.status, got.status)
  for (const [name, value] of Object.entries(wanted.wants ?? {})) {
    const header = got.headers[name]?.toString()
    const fits = value instanceof RegExp ? value.test(header ?? '') : value === header
    if (!fits) say(name, value, header)
  }
  const { body, car, tar, multipart } = wanted
  const text = new TextDecoder().decode(got.body)
  if (body instanceof RegExp && !body.test(text)) say('body', body, text)
  if (body instanceof Uint8Array && Buffer.compare(body, got.body) !== 0) say('body', body, text)
  if (car !== undefined) found.push(...carFaults(car, got.body))
  if (tar !== undefined) found.push(...tarFaults(tar, got.body))
  if (multipart !== undefined) found.push(...multipartFaults(multipart, got))
  return found
}

function carFaults(expected: readonly string[], body: Uint8Array): string[] {
  const car = decodeCar(body)
  if (car.error) return [car.error.message]
  const found = car.ok.frames
    .filter(({ link, bytes }) => verifyBlock(hasher, link.multihash, bytes) !== 'good')
    .map(({ link }) => `${linkToString(link)} expected its bytes, got others`)
  const got = car.ok.frames.map(({ link }) => linkToString(link))
  if (got.join() !== expected.join())
    found.push(`blocks expected\n${expected.join('\n')}\ngot\n${got.join('\n')}`)
  return found
}

function tarFaults(expected: NonNullable<ConformanceCase['tar']>, body: Uint8Array): string[] {
  try {
    const [wanted, got] = [Object.entries(expected), treeOf(untar(body))].map(shownTree)
    return wanted === got ? [] : [`entries expected ${wanted}, got ${got}`]
  } catch (error) {
    return [(error as Error).message]
  }
}

function shownTree(tree: Iterable<readonly [string, Uint8Array | string | null]>): string {
  const shown = Array.from(tree, ([path, value]) => [
    path,
    value instanceof Uint8Array ? Array.from(value) : value,
  ])
  return JSON.stringify(shown)
}
