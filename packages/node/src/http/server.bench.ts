/**
 * What the adapter costs beside a bare `node:http` server that sends the same bytes from memory:
 * requests and megabytes per CPU-second of the server, each in fresh processes, in alternating
 * order.
 *
 *     node packages/node/src/http/server.bench.ts [requests] [megabytes] [rounds]
 *
 * Measured on two shared cores, ours to bare: 4 KiB requests 0.91 to 1.02 (45,700 a CPU-second, so
 * the adapter costs about 2 µs each), bodies of 1 to 2 GiB 0.76, 0.97, 1.14 and 1.27 in four runs
 * (about 5 GB a CPU-second): no difference that the machine's noise would show.
 *
 * @module
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import { type BodySource, type BodyReader } from '@turnpike/core/body'
import { MeteredBody, type HeaderLine } from '@turnpike/gateway/meter'
import { nobody } from '@turnpike/gateway/plain-answer'
import { silentObserver } from '@turnpike/gateway/observer'
import { startHttpServer } from './server.ts'

const SMALL_BYTES = 4096
const CONNECTIONS = 16
const HEADERS: readonly HeaderLine[] = [
  ['Content-Type', 'application/octet-stream'],
  ['Etag', '"bafkqaaa"'],
]

type Kind = 'bare' | 'ours'

/** The same buffer again and again, as a body of `length` bytes. */
function memorySource(length: number, chunk: Uint8Array): BodySource {
  return {
    length,
    open(): BodyReader {
      let left = length
      return {
        read() {
          if (left === 0) return null
          const bytes = Math.min(left, chunk.byteLength)
          left -= bytes
          return bytes === chunk.byteLength ? chunk : chunk.subarray(0, bytes)
        },
        close() {},
      }
    },
  }
}

async function serveOurs(bigBytes: number): Promise<number> {
  const small = new Uint8Array(SMALL_BYTES)
  const chunk = new Uint8Array(CHUNK_BYTES_MAX)
  const server = await startHttpServer({
    port: 0,
    observer: silentObserver,
    gateway: {
      async handle({ url }) {
        const source = url.endsWith('/big')
          ? memorySource(bigBytes, chunk)
          : memorySource(SMALL_BYTES, small)
        return { status: 200, headers: HEADERS, body: new MeteredBody(source, nobody) }
      },
    },
  })
  return server.port
}

async function serveBare(bigBytes: number): Promise<number> {
  const small = Buffer.alloc(SMALL_BYTES)
  const chunk = Buffer.alloc(CHUNK_BYTES_MAX)
  const fields = Object.fromEntries(HEADERS)
  const server = createServer((request, response) => {
    if (request.url !== '/big') {
      response.writeHead(200, { ...fields, 'Content-Length': SMALL_BYTES })
      response.end(small)
      return
    }
    response.writeHead(200, { ...fields, 'Content-Length': bigBytes })
    let left = bigBytes
    const pump = (): void => {
      while (left > 0) {
        left -= chunk.length
        if (!response.write(chunk)) return void response.once('drain', pump)
      }
      response.end()
    }
    pump()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Runs as the server: says its port, then answers each message with the CPU time used so far. */
async function child(kind: Kind, bigBytes: number): Promise<void> {
  const port = await (kind === 'ours' ? serveOurs(bigBytes) : serveBare(bigBytes))
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send!((user + system) / 1e6)
  })
  process.send!(port)
}

/** Sends `count` requests over one connection, each after the answer to the one before. */
async function drive(port: number, path: string, count: number, bytes: number): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nAccept: */*\r\n\r\n`
  let got = 0
  let expected = 0
  let left = count
  socket.write(request)
  socket.on('data', (part: Buffer) => {
    if (expected === 0) expected = part.indexOf('\r\n\r\n') + 4 + bytes
    got += part.length
    if (got < expected) return
    got = expected = 0
    if (--left > 0) socket.write(request)
    else socket.destroy()
  })
  await once(socket, 'close')
}

async function ask(server: ChildProcess): Promise<number> {
  server.send('cpu')
  const [seconds] = await once(server, 'message')
  return seconds as number
}

interface Figures {
  readonly requestsPerCpuS: number
  readonly megabytesPerCpuS: number
}

async function measure(kind: Kind, requests: number, megabytes: number): Promise<Figures> {
  const bigBytes = Math.max(1, Math.round(megabytes / 4)) * 1024 * 1024
  const server = fork(import.meta.filename, ['child', kind, String(bigBytes)])
  const [port] = (await once(server, 'message')) as [number]
  const each = Math.ceil(requests / CONNECTIONS)
  const many = (count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: CONNECTIONS }, () => drive(port, '/a', count, SMALL_BYTES)))
  await many(Math.ceil(each / 4))
  const beforeSmall = await ask(server)
  await many(each)
  const afterSmall = await ask(server)
  await Promise.all([1, 2, 3, 4].map(() => drive(port, '/big', 1, bigBytes)))
  const afterBig = await ask(server)
  server.disconnect()
  server.kill('SIGINT')
  await once(server, 'exit')
  return {
    requestsPerCpuS: (each * CONNECTIONS) / (afterSmall - beforeSmall),
    megabytesPerCpuS: (4 * bigBytes) / 1e6 / (afterBig - afterSmall),
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

async function main(requests: number, megabytes: number, rounds: number): Promise<void> {
  const figures: Record<Kind, Figures[]> = { bare: [], ours: [] }
  for (let round = 0; round < rounds; round++) {
    const order: Kind[] = round % 2 === 0 ? ['bare', 'ours'] : ['ours', 'bare']
    for (const kind of order) figures[kind].push(await measure(kind, requests, megabytes))
  }
  const of = (kind: Kind, name: keyof Figures): number =>
    median(figures[kind].map((figure) => figure[name]))
  const report = (['requestsPerCpuS', 'megabytesPerCpuS'] as const).map((name) => {
    const bare = of('bare', name)
    const ours = of('ours', name)
    return [name, { bare: Math.round(bare), ours: Math.round(ours), ratio: ours / bare }]
  })
  process.stdout.write(`${JSON.stringify(Object.fromEntries(report), null, 2)}\n`)
}

const [mode, ...rest] = process.argv.slice(2)
if (mode === 'child') await child(rest[0] as Kind, Number(rest[1]))
else await main(Number(mode ?? 40_000), Number(rest[0] ?? 2048), Number(rest[1] ?? 3))
