/**
 * Proxies in front whose word counts: for scheme and host of a request, and for its client.
 * @module
 */
import { BlockList, isIP, SocketAddress } from 'node:net'
import { FORWARDED_HOPS_MAX } from '@turnpike/core/limits'

type Subnet = readonly [address: string, prefix: number]

/** Words for several ranges. Private are those of RFC 1918, RFC 4193, RFC 3927 and RFC 4291. */
const WORDS: Readonly<Record<string, readonly Subnet[]>> = {
  none: [],
  loopback: [
    ['127.0.0.0', 8],
    ['::1', 128],
  ],
  private: [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['169.254.0.0', 16],
    ['fc00::', 7],
    ['fe80::', 10],
  ],
  all: [
    ['0.0.0.0', 0],
    ['::', 0],
  ],
}

/** The ranges that an entry of the setting stands for; undefined when it stands for none. */
function subnetsOf(entry: string): readonly Subnet[] | undefined {
  if (Object.hasOwn(WORDS, entry)) return WORDS[entry]
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || rest.length > 0) return undefined
  const bits = family === 4 ? 32 : 128
  if (prefix === undefined) return [[address, bits]]
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits
    ? [[address, Number(prefix)]]
    : undefined
}

/**
 * Whether an entry of the setting says something: a word, an address, or a range such as
 * `10.0.0.0/8`.
 *
 * @example
 * isProxyRange('loopback') // true
 */
export function isProxyRange(entry: string): boolean {
  return subnetsOf(entry) !== undefined
}

/** A set of addresses of proxies. */
export class TrustedProxies {
  readonly #list = new BlockList()

  /** @throws {TypeError} for an entry that {@link isProxyRange} rejects */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const subnets = subnetsOf(entry)
      if (subnets === undefined)
        throw new TypeError(`"entry" expected a word, an address or a range, got "${entry}"`)
      for (const [address, prefix] of subnets)
        this.#list.addSubnet(address, prefix, isIP(address) === 4 ? 'ipv4' : 'ipv6')
    }
  }

  /**
   * Whether an address is one of a trusted proxy. Addresses of IPv4 written as IPv6
   * (`::ffff:10.0.0.1`) count as what they are.
   *
   * @example
   * new TrustedProxies(['loopback']).has('127.0.0.1') // true
   */
  has(address: string | undefined): boolean {
    const family = isIP(address ?? '')
    return family !== 0 && this.#list.check(address!, family === 4 ? 'ipv4' : 'ipv6')
  }

  /**
   * The client that a request comes from: the last address of `X-Forwarded-For` that is not a
   * trusted proxy's, since each proxy appends whom it heard, and whoever is not trusted may have
   * written what stands before.
   *
   * @param peer address of the connection's other side
   * @param forwarded values of `X-Forwarded-For`, joined by commas
   * @example
   * new TrustedProxies(['loopback']).clientOf('127.0.0.1', '6.6.6.6, 192.0.2.1') // '192.0.2.1'
   */
  clientOf(peer: string, forwarded: string | undefined): string {
    if (forwarded === undefined || !this.has(peer)) return peer
    let client = peer
    const hops = forwarded.split(',').slice(-FORWARDED_HOPS_MAX)
    for (let hop = hops.pop(); hop !== undefined; hop = hops.pop()) {
      const address = addressOf(hop.trim())
      // What stands before something unreadable was not written by the proxy that we trust.
      if (address === undefined) return client
      client = address
      if (!this.has(client)) return client
    }
    return client
  }
}

/** The address of a hop, which may come with a port: `192.0.2.1:80`, `[2001:db8::1]:80`. */
function addressOf(hop: string): string | undefined {
  if (isIP(hop) !== 0) return hop
  const address = /^\[(.*)\](?::\d+)?$/.exec(hop)?.[1] ?? /^([\d.]+):\d+$/.exec(hop)?.[1]
  return address !== undefined && isIP(address) !== 0 ? address : undefined
}

const V4_IN_V6 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/
const GROUPS = 8
const GROUPS_OF_64_BITS = 4

/**
 * What stands for one client among addresses: an IPv4 address, or the first 64 bits of an IPv6
 * address, since a client of IPv6 usually has a whole network of that size to itself.
 *
 * @example
 * networkOf('2001:db8:0:1::7') // '2001:db8:0:1::/64'
 */
export function networkOf(address: string): string {
  if (isIP(address) !== 6) return address
  // Zones name a cable of ours, and one address can be written in several ways.
  const plain = address.replace(/%.*$/, '')
  const canonical = new SocketAddress({ address: plain, family: 'ipv6' }).address
  const mapped = V4_IN_V6.exec(canonical)?.[1]
  if (mapped !== undefined) return mapped
  const [head, tail] = canonical.split('::').map((half) => half.split(':').filter(Boolean))
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - head!.length - tail.length)
  const groups = [...head!, ...Array.from({ length: zeros }, () => '0'), ...(tail ?? [])]
  return `${groups.slice(0, GROUPS_OF_64_BITS).join(':')}::/64`
}
