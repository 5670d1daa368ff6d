/**
 * Binding a server to a port.
 * @module
 */
import { type AddressInfo, createServer, type ListenOptions, type Server } from 'node:net'
import { PORT_SEARCH_MAX } from '@turnpike/core/limits'

const PORT_MAX = 65_535

/** No port could be had. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken'
  readonly host: string
  readonly port: number
  constructor(host: string, port: number, message: string) {
    super(message)
    this.host = host
    this.port = port
  }
}

/** Where to listen. */
export interface ListenAt {
  /** Name or address: `127.0.0.1`, `::1`, `::` for every address of both families. */
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  /** Try the ports above when the one asked for is taken. */
  readonly portSearch: boolean
  /** Share the port with other processes that ask for the same (Linux and the BSDs). */
  readonly reusePort: boolean
}

/**
 * Listens, at the next free port if asked for.
 *
 * @throws {PortTaken} when the port, or each of the ports searched, is taken
 * @throws what `server.listen` emits, for any other reason
 * @example
 * const at = { host: '::1', port: 8080, portSearch: true, reusePort: false }
 * const { port } = await listen(server, at)
 */
export async function listen(server: Server, at: ListenAt): Promise<AddressInfo> {
  const { host, port, reusePort } = at
  const tries = at.portSearch && port > 0 ? Math.min(PORT_SEARCH_MAX, PORT_MAX - port + 1) : 1
  for (let offset = 0; offset < tries; offset++) {
    if (await listenOnce(server, { host, port: port + offset, reusePort })) {
      return server.address() as AddressInfo
    }
  }
  const ports = tries === 1 ? `port ${port}` : `one of the ports ${port} to ${port + tries - 1}`
  throw new PortTaken(host, port, `Expected ${ports} of ${host} to be free; choose another.`)
}

/**
 * Finds a port for workers that will share it, by listening on it for a moment: with `reusePort`
 * they would not see another program there.
 *
 * @throws {PortTaken} as {@link listen}
 * @example
 * const port = await freePort({ host: '127.0.0.1', port: 8080, portSearch: true })
 */
export async function freePort(at: Omit<ListenAt, 'reusePort'>): Promise<number> {
  const server = createServer()
  const { port } = await listen(server, { ...at, reusePort: false })
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Whether the server listens now; false when the port is taken. */
function listenOnce(server: Server, options: ListenOptions): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      server.off('listening', onListening)
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    }
    const onListening = (): void => {
      server.off('error', onError)
      resolve(true)
    }
    server.once('error', onError)
    server.once('listening', onListening)
    server.listen(options)
  })
}

/**
 * The URL of a listening address; `localhost`-like for a server on all addresses.
 *
 * @example
 * urlOf({ address: '::', family: 'IPv6', port: 8080 }) // 'http://[::1]:8080'
 */
export function urlOf({ address, family, port }: AddressInfo): string {
  const reachable = address === '::' ? '::1' : address === '0.0.0.0' ? '127.0.0.1' : address
  return family === 'IPv6' ? `http://[${reachable}]:${port}` : `http://${reachable}:${port}`
}
