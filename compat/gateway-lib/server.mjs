/**
 * What JavaScript users run today, over blocks of a Turnpike data folder.
 *
 *     node server.mjs gateway-lib|exporter BLOCKS.json
 *
 * `gateway-lib` is @web3-storage/gateway-lib with dagula as their READMEs compose them, unverified
 * for files. `exporter` is ipfs-unixfs-exporter over a blockstore that hashes each block with
 * node:crypto, behind plain node:http. Blocks of up to 64 KiB are in memory; larger ones are read
 * from open files, synchronously, which is the fastest for both.
 */
import { CarWriter } from '@ipld/car'
import { handleCar, handleUnixfs } from '@web3-storage/gateway-lib/handlers'
import {
  composeMiddleware,
  createWithHttpMethod,
  withContentDispositionHeader,
  withContext,
  withCorsHeaders,
  withErrorHandler,
  withParsedIpfsUrl,
} from '@web3-storage/gateway-lib/middleware'
import { Dagula } from 'dagula'
import { exporter, recursive } from 'ipfs-unixfs-exporter'
import { CID } from 'multiformats/cid'
import { hash } from 'node:crypto'
import { openSync, readFileSync, readSync } from 'node:fs'
import { createServer } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

// gateway-lib logs each request, which would be measured as well.
console.log = () => {}

const IN_MEMORY_BYTES_MAX = 64 * 1024
const WRITE_BYTES = 256 * 1024

const [stack, blocksFile] = process.argv.slice(2)
const { files, blocks } = JSON.parse(readFileSync(blocksFile, 'utf8'))
const fds = files.map((path) => openSync(path))
const index = new Map(blocks.map(([key, ...place]) => [key, place]))
const memory = new Map()
for (const [key, place] of index)
  if (place[2] <= IN_MEMORY_BYTES_MAX) memory.set(key, readBlock(place))

function readBlock([file, offset, length]) {
  const bytes = Buffer.allocUnsafeSlow(length)
  readSync(fds[file], bytes, 0, length, offset)
  return bytes
}

function blockOf(cid) {
  const key = Buffer.from(cid.multihash.bytes).toString('base64')
  const bytes = memory.get(key)
  if (bytes !== undefined) return bytes
  const place = index.get(key)
  if (place === undefined) throw new Error(`no block ${cid}`)
  return readBlock(place)
}

/** Dagula's blockstore, as its README has it. */
const dagula = new Dagula({
  async get(cid) {
    return { cid, bytes: blockOf(cid) }
  },
  async stat(cid) {
    return { size: blockOf(cid).length }
  },
  async stream(cid, { range } = {}) {
    const bytes = blockOf(cid)
    const part = range === undefined ? bytes : bytes.subarray(range[0], range[1] + 1)
    return new Blob([part]).stream()
  },
})

/** A blockstore for the exporter that verifies what it gives. */
function verified(onBlock) {
  return {
    get(cid) {
      const bytes = blockOf(cid)
      if (!hash('sha256', bytes, 'buffer').equals(cid.multihash.digest))
        throw new Error(`block ${cid} does not match its CID`)
      onBlock?.(cid, bytes)
      return bytes
    },
  }
}

const handler = composeMiddleware(
  withCorsHeaders,
  withContentDispositionHeader,
  withErrorHandler,
  createWithHttpMethod('GET', 'HEAD'),
  withContext,
  withParsedIpfsUrl,
)((request, env, ctx) =>
  ctx.searchParams.get('format') === 'car'
    ? handleCar(request, env, { ...ctx, dag: dagula })
    : handleUnixfs(request, env, { ...ctx, unixfs: dagula }),
)

async function answerWithGatewayLib(request, response) {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) headers.set(name, String(value))
  const { method } = request
  const url = `http://${request.headers.host}${request.url}`
  const answer = await handler(new Request(url, { method, headers }), {}, { waitUntil() {} })
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  if (answer.body === null) response.end()
  else await pipeline(Readable.fromWeb(answer.body), response)
}

async function* contentOf(root, request) {
  const entry = await exporter(root, verified())
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  const offset = range === null ? 0 : Number(range[1])
  const length = range === null ? Number(entry.size) : Number(range[2]) + 1 - offset
  yield { status: range === null ? 200 : 206, length }
  yield* entry.content({ offset, length })
}

async function* carOf(root) {
  const { writer, out } = CarWriter.create([root])
  const seen = new Set()
  const store = verified((cid, bytes) => {
    const key = cid.toString()
    if (!seen.has(key)) void writer.put({ cid, bytes })
    seen.add(key)
  })
  const walking = (async () => {
    for await (const entry of recursive(root, store))
      if (entry.type === 'file' || entry.type === 'raw') for await (const _ of entry.content());
    await writer.close()
  })()
  yield* out
  await walking
}

function drained(response) {
  return new Promise((resolve) => {
    const over = () => {
      response.off('drain', over)
      response.off('close', over)
      resolve()
    }
    response.once('drain', over)
    response.once('close', over)
  })
}

async function answerWithExporter(request, response) {
  const { pathname, searchParams } = new URL(request.url, 'http://localhost')
  const root = CID.parse(pathname.split('/')[2])
  const write = async (bytes) => {
    for (let at = 0; at < bytes.length; at += WRITE_BYTES)
      if (!response.write(bytes.subarray(at, at + WRITE_BYTES))) await drained(response)
  }
  if (searchParams.get('format') === 'car') {
    response.writeHead(200, { 'Content-Type': 'application/vnd.ipld.car' })
    for await (const bytes of carOf(root)) await write(bytes)
  } else {
    const content = contentOf(root, request)
    const { status, length } = (await content.next()).value
    response.writeHead(status, {
      'Content-Type': 'application/octet-stream',
      'Content-Length': length,
    })
    for await (const bytes of content) {
      if (response.destroyed) break
      await write(bytes)
    }
  }
  response.end()
}

const answer = stack === 'gateway-lib' ? answerWithGatewayLib : answerWithExporter
const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') console.error(error)
    response.destroy()
  })
})

function usage() {
  const ms = ({ user, system }) => (user + system) / 1000
  const status = readFileSync('/proc/self/status', 'utf8')
  return {
    cpuMs: ms(process.cpuUsage()),
    servingMs: ms(process.threadCpuUsage()),
    peakRssBytes: Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) * 1024,
    counts: {},
  }
}

server.listen(0, '127.0.0.1', () => {
  process.on('message', ({ id }) => process.send({ id, answer: usage() }))
  process.on('disconnect', () => process.exit())
  process.send({ ready: { port: server.address().port } })
})
