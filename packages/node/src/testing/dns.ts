/**
 * A real DNS server on loopback for tests, by UDP, TCP and HTTPS: a zone of scripts, so that it may
 * lie, be silent or answer late as well.
 * @module
 */
import { createSocket } from 'node:dgram'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { decode, encode, TRUNCATED_RESPONSE, type Answer, type Packet } from 'dns-packet'
import type { DnsServer } from '../names/dns/servers.ts'
import { TEST_CERTIFICATE, TEST_KEY } from './certificate.ts'

/** A query as it came. */
export interface TestQuery {
  readonly id: number
  readonly name: string
  readonly by: 'udp' | 'tcp' | 'https'
  /** Port that it came from. */
  readonly port: number
}

/** Messages that are sent for a query: none is silence. */
export type DnsScript = (query: TestQuery) => readonly Uint8Array[] | Promise<readonly Uint8Array[]>

/** A DNS server of a test. */
export interface TestDns {
  readonly server: DnsServer
  /** For DNS over HTTPS, with the certificate of `certificate.ts`. */
  readonly url: string
  /** Scripts by name; any other name does not exist. */
  readonly zone: Map<string, DnsScript>
  /** All queries so far. */
  readonly queries: TestQuery[]
  /** Seconds that answers by HTTPS say they were kept by a cache. */
  ageS: number
  /** Status of answers by HTTPS. */
  status: number
  close(): void
}

/** Names asked so far, with the way each came. */
export function asked(dns: TestDns): string[] {
  return dns.queries.map(({ name, by }) => `${by} ${name}`)
}

/** An answer to a query, with fields of its own. */
export function reply(query: Pick<TestQuery, 'id' | 'name'>, fields: Packet = {}): Uint8Array {
  const { id, name } = query
  return encode({ type: 'response', id, questions: [{ type: 'TXT', name }], ...fields })
}

/** TXT records of a name; one of several strings is a list. */
export function txt(name: string, ttl: number, values: readonly (string | string[])[]): Answer[] {
  return values.map((data) => ({ type: 'TXT', name, ttl, data }))
}

/** Answers with TXT records of the asked name. */
export function texts(ttl: number, ...data: (string | string[])[]): DnsScript {
  return (query) => [reply(query, { answers: txt(query.name, ttl, data) })]
}

/** Answers with a code and nothing else: 2 is SERVFAIL, 3 NXDOMAIN, 5 REFUSED. */
export function code(rcode: number): DnsScript {
  return (query) => [reply(query, { flags: rcode })]
}

/** Answers that nothing is there, for so many seconds. */
export function nothing(minimum: number, ttl: number = 3600, rcode: number = 3): DnsScript {
  const data = { mname: 'ns.example', rname: 'admin.example', minimum }
  return (query) => [
    reply(query, { flags: rcode, authorities: [{ type: 'SOA', name: 'example', ttl, data }] }),
  ]
}

/** Says nothing. */
export const silence: DnsScript = () => []

/** By UDP that the answer does not fit; by TCP what `script` says. */
export function truncated(script: DnsScript): DnsScript {
  return (query) =>
    query.by === 'udp' ? [reply(query, { flags: TRUNCATED_RESPONSE })] : script(query)
}

/** Starts a server with an empty zone. */
export async function startTestDns(): Promise<TestDns> {
  const zone = new Map<string, DnsScript>()
  const queries: TestQuery[] = []
  const run = async (by: TestQuery['by'], port: number, message: Buffer) => {
    const { id = 0, questions } = decode(message)
    const query = { id, name: questions![0]!.name, by, port }
    queries.push(query)
    return (zone.get(query.name) ?? nothing(60))(query)
  }
  const sockets = new Set<Socket>()
  const tcp = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
    socket.once('data', async (data) => {
      for (const message of await run('tcp', socket.remotePort!, data.subarray(2)))
        socket.write(Buffer.concat([Buffer.from([message.length >> 8, message.length]), message]))
      socket.end()
    })
  })
  await once(tcp.listen(0, '127.0.0.1'), 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  let closed = false
  udp.on('message', async (datagram, from) => {
    const messages = await run('udp', from.port, datagram)
    for (const message of closed ? [] : messages) udp.send(message, from.port, from.address)
  })
  udp.bind(port, '127.0.0.1')
  await once(udp, 'listening')
  const https = createHttpsServer({ key: TEST_KEY, cert: TEST_CERTIFICATE }, async (req, res) => {
    const query = new URL(req.url!, 'https://localhost').searchParams.get('dns')!
    const bytes = Buffer.from(query, 'base64url')
    const [message] = await run('https', req.socket.remotePort!, bytes)
    if (message === undefined) return
    res.writeHead(dns.status, { 'content-type': 'application/dns-message', age: String(dns.ageS) })
    res.end(message)
  })
  await once(https.listen(0, '127.0.0.1'), 'listening')
  const dns: TestDns = {
    server: { address: '127.0.0.1', port },
    url: `https://127.0.0.1:${(https.address() as AddressInfo).port}/dns-query`,
    zone,
    queries,
    ageS: 0,
    status: 200,
    close() {
      closed = true
      udp.close()
      tcp.close()
      for (const socket of sockets) socket.destroy()
      https.close()
      https.closeAllConnections()
    },
  }
  return dns
}
