/**
 * Which authorities are this gateway itself: `CONNECT` to them is answered, to no other.
 * @module
 */
import { isIP } from 'node:net'

/** Names by which a gateway is known. */
export interface OwnNames {
  /** Names or addresses, each with a port or for any that it listens on. */
  readonly hosts: readonly string[]
  /** Names whose subdomains are the gateway's, too. */
  readonly subdomainHosts: readonly string[]
  /** URL under which readers reach it. */
  readonly publicUrl: string | undefined
}

/** The end of a connection on our side. */
export interface LocalEnd {
  readonly address: string | undefined
  readonly port: number | undefined
}

/** One known name. */
interface Known {
  readonly name: string
  /** Undefined: the port that the connection came in by. */
  readonly port: number | undefined
  readonly withSubdomains: boolean
}

const AUTHORITY_FORM = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._~-]{1,255}):(\d{1,5})$/
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/** The authorities of one gateway. */
export class OwnAuthority {
  readonly #known: readonly Known[]

  constructor({ hosts, subdomainHosts, publicUrl }: OwnNames) {
    this.#known = [
      ...hosts.map((host) => knownOf(host, false)),
      ...subdomainHosts.map((host) => knownOf(host, true)),
      ...(publicUrl === undefined ? [] : [knownOfUrl(new URL(publicUrl))]),
    ]
  }

  /**
   * Whether the target of a `CONNECT` (RFC 9110 section 9.3.6, always with a port) is the gateway:
   * the address and port that the connection came in by, any loopback address with that port, or
   * a known name with that port or its own.
   *
   * @example
   * own.has('127.0.0.1:8080', { address: '127.0.0.1', port: 8080 }) // true
   */
  has(target: string, local: LocalEnd): boolean {
    const [, host, digits] = AUTHORITY_FORM.exec(target.toLowerCase()) ?? []
    if (host === undefined) return false
    const port = Number(digits)
    const name = bare(host)
    if (port === local.port && (isLoopback(name) || name === unmapped(local.address))) return true
    return this.#known.some((known) => port === (known.port ?? local.port) && isNamed(name, known))
  }
}

function isNamed(name: string, known: Known): boolean {
  return name === known.name || (known.withSubdomains && name.endsWith(`.${known.name}`))
}

function knownOf(entry: string, withSubdomains: boolean): Known {
  const lower = entry.toLowerCase()
  const [, name = lower, port] = isIP(lower) === 0 ? (/^(.*):(\d+)$/.exec(lower) ?? []) : []
  return { name: bare(name), port: port === undefined ? undefined : Number(port), withSubdomains }
}

function knownOfUrl({ protocol, hostname, port }: URL): Known {
  const given = port === '' ? DEFAULT_PORTS[protocol] : Number(port)
  return { name: bare(hostname), port: given, withSubdomains: false }
}

/** A host without the brackets of an IPv6 address. */
function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}

/** An IPv4 address that a socket of IPv6 wrote its way. */
function unmapped(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/, '')
}

function isLoopback(name: string): boolean {
  return name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))
}
