/**
 * The floor: a bare `node:http` server that sends files as they are, from memory or from disk.
 *
 *     node bench/servers/bare.ts memory|disk ROUTES.json
 *
 * @module
 */
import { openSync, read, readFileSync } from 'node:fs'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { promisify } from 'node:util'
import { answerParent, usage } from './side-channel.ts'

/** A file by the URL path that it is asked for. */
export interface Route {
  readonly file: string
  readonly offset: number
  readonly length: number
}

const READ_BYTES = 1024 * 1024
const readFile = promisify(read)

const [mode, routesFile] = process.argv.slice(2)
const routes = new Map(
  Object.entries(JSON.parse(readFileSync(routesFile!, 'utf8')) as Record<string, Route>),
)
const files = new Map<string, number>()
const memory = new Map<string, Buffer>()

/** Files stay open, as those of a store do. */
function fileOf(path: string): number {
  const fd = files.get(path) ?? openSync(path, 'r')
  files.set(path, fd)
  return fd
}

if (mode === 'memory')
  for (const [path, { file, offset, length }] of routes)
    memory.set(path, readFileSync(file).subarray(offset, offset + length))

async function sendFile(response: ServerResponse, route: Route, from: number, length: number) {
  const fd = fileOf(route.file)
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, length))
  for (let at = 0; at < length && !response.destroyed;) {
    const bytes = Math.min(buffer.length, length - at)
    await readFile(fd, buffer, 0, bytes, route.offset + from + at)
    at += bytes
    // The one buffer may be filled anew only when the kernel has what is in it.
    await new Promise<void>((resolve) => {
      response.once('close', resolve)
      response.write(buffer.subarray(0, bytes), () => {
        response.off('close', resolve)
        resolve()
      })
    })
  }
  response.end()
}

const server = createServer((request, response) => {
  const path = request.url!
  const route = routes.get(path)
  if (route === undefined) return void response.writeHead(404).end()
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '')
  const first = range === null ? 0 : Number(range[1])
  const length = range === null ? route.length : Number(range[2]) + 1 - first
  const headers: Record<string, string | number> = {
    'Content-Type': 'application/octet-stream',
    'Content-Length': length,
  }
  if (range !== null)
    headers['Content-Range'] = `bytes ${first}-${first + length - 1}/${route.length}`
  response.writeHead(range === null ? 200 : 206, headers)
  const bytes = memory.get(path)
  if (bytes !== undefined) return void response.end(bytes.subarray(first, first + length))
  sendFile(response, route, first, length).catch(() => response.destroy())
})

server.listen(0, '127.0.0.1', () => {
  answerParent({ port: (server.address() as AddressInfo).port }, { usage: () => usage() })
})
