/**
 * DNS servers asked by UDP, and by TCP where an answer does not fit a datagram.
 * @module
 */
import { randomInt } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns'
import { connect, isIP } from 'node:net'
import { DNS_SERVERS_MAX, DNS_UDP_BYTES_MAX } from '@turnpike/core/limits/names'
import { readAnswer, TRUNCATED, writeQuery, type DnsAnswer, type DnsQuery } from './message.ts'

/** Where a DNS server listens. */
export interface DnsServer {
  /** IP address. */
  readonly address: string
  readonly port: number
}

const DNS_PORT = 53
const SILENCE: DnsAnswer = { kind: 'failed', why: 'silence', isSilence: true }

/**
 * Reads a server as text: `192.0.2.1`, `192.0.2.1:5353`, `[2001:db8::1]:53`, `2001:db8::1`.
 * Undefined for anything else, names included.
 *
 * @example
 * serverFromText('127.0.0.1:5353') // { address: '127.0.0.1', port: 5353 }
 */
export function serverFromText(text: string): DnsServer | undefined {
  if (isIP(text) !== 0) return { address: text, port: DNS_PORT }
  const match = /^(?:\[([^\]]+)\]|([0-9.]+))(?::(\d{1,5}))?$/.exec(text)
  const address = match?.[1] ?? match?.[2] ?? ''
  const port = Number(match?.[3] ?? DNS_PORT)
  if (isIP(address) !== (match?.[1] === undefined ? 4 : 6) || port < 1 || port > 65_535)
    return undefined
  return { address, port }
}

/** The servers that the system is set to use now, at most `DNS_SERVERS_MAX`. */
export function systemServers(): readonly DnsServer[] {
  // A new resolver reads the system's files again; the module's own keeps what it read at start.
  const servers = new Resolver().getServers().map(serverFromText)
  return servers.filter((server) => server !== undefined).slice(0, DNS_SERVERS_MAX)
}

/**
 * Asks one server for TXT records of a name. Silence lasts until `signal` aborts; then and on any
 * failure the answer says so. Each query has a socket, hence a port, and an id of its own, and
 * takes answers from the server's address and port only (RFC 5452 section 9).
 */
export async function askServer(
  server: DnsServer,
  name: string,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  const query = writeQuery(randomInt(0x1_0000), name)
  const answer = await askByUdp(server, query, signal)
  return answer === TRUNCATED ? askByTcp(server, query, signal) : answer
}

function askByUdp(
  { address, port }: DnsServer,
  query: DnsQuery,
  signal: AbortSignal,
): Promise<DnsAnswer | typeof TRUNCATED> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(SILENCE)
    const socket = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4')
    let ended = false
    const end = (answer: DnsAnswer | typeof TRUNCATED): void => {
      if (ended) return
      ended = true
      signal.removeEventListener('abort', onAbort)
      socket.close()
      resolve(answer)
    }
    const onAbort = (): void => end(SILENCE)
    signal.addEventListener('abort', onAbort)
    socket.on('error', (error) => end(failureOf(error)))
    socket.on('message', (datagram) => {
      if (datagram.length > DNS_UDP_BYTES_MAX) return
      const answer = readAnswer(datagram, query)
      // What is no answer may be somebody's forgery: the true one may still come.
      if (answer !== undefined) end(answer)
    })
    // As an event, so that a failure is one too: a callback would be called for both.
    socket.on('connect', () => {
      if (!ended) socket.send(query.bytes, (error) => error && end(failureOf(error)))
    })
    // Of a connected socket the system takes datagrams of that peer only.
    socket.connect(port, address)
  })
}

function askByTcp(
  { address, port }: DnsServer,
  query: DnsQuery,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(SILENCE)
    const socket = connect({ host: address, port })
    const end = (answer: DnsAnswer): void => {
      signal.removeEventListener('abort', onAbort)
      socket.destroy()
      resolve(answer)
    }
    const onAbort = (): void => end(SILENCE)
    signal.addEventListener('abort', onAbort)
    socket.on('error', (error) => end(failureOf(error)))
    socket.on('close', () => end({ kind: 'failed', why: 'a connection that ended' }))
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      const message = framed(Buffer.concat(chunks))
      if (message === undefined) return
      const answer = readAnswer(message, query)
      const understood = answer !== undefined && answer !== TRUNCATED
      end(understood ? answer : { kind: 'failed', why: 'something else by TCP' })
    })
    const length = Buffer.alloc(2)
    length.writeUInt16BE(query.bytes.length)
    socket.write(Buffer.concat([length, query.bytes]))
  })
}

/** The first message of a stream, each with its length before it, once it is whole. */
function framed(received: Buffer): Buffer | undefined {
  if (received.length < 2) return undefined
  const end = 2 + received.readUInt16BE()
  return received.length < end ? undefined : received.subarray(2, end)
}

function failureOf(error: Error): DnsAnswer {
  const why = 'code' in error ? String(error.code) : error.name
  return { kind: 'failed', why }
}
