/**
 * Which addresses may be connected to (design: "Whom to believe").
 * @module
 */
import { lookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { URL_CHARS_MAX } from '@turnpike/core/limits'

/**
 * Address blocks that are not of the public internet, or that carry another address inside.
 * Source: IANA special-purpose address registries (RFC 6890), multicast included. IPv4 addresses
 * mapped into IPv6 are matched by the IPv4 rules.
 */
const NOT_PUBLIC: BlockList = new BlockList()
const NOT_PUBLIC_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
/** Within the global unicast block 2000::/3; all outside of it is refused. */
const NOT_PUBLIC_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']
for (const block of NOT_PUBLIC_IPV4) addBlock(NOT_PUBLIC, block, 'ipv4')
for (const block of NOT_PUBLIC_IPV6) addBlock(NOT_PUBLIC, block, 'ipv6')
const GLOBAL_UNICAST: BlockList = new BlockList()
addBlock(GLOBAL_UNICAST, '2000::/3', 'ipv6')
const MAPPED_IPV4: BlockList = new BlockList()
addBlock(MAPPED_IPV4, '::ffff:0:0/96', 'ipv6')

function addBlock(list: BlockList, block: string, family: 'ipv4' | 'ipv6'): void {
  const [address, bits] = block.split('/')
  list.addSubnet(address!, Number(bits), family)
}

/**
 * Whether an IP address is one of the public internet: not private, loopback, link-local,
 * multicast, reserved, or a tunnel to such. Anything that is no IP address is not.
 *
 * @example
 * isPublicAddress('127.0.0.1') // false
 */
export function isPublicAddress(ip: string): boolean {
  const family = isIP(ip)
  if (family === 4) return !NOT_PUBLIC.check(ip, 'ipv4')
  if (family !== 6 || NOT_PUBLIC.check(ip, 'ipv6')) return false
  return GLOBAL_UNICAST.check(ip, 'ipv6') || MAPPED_IPV4.check(ip, 'ipv6')
}

/**
 * Why an address that came from others may not be asked, or undefined when it may: it must be
 * https, without userinfo, at most `URL_CHARS_MAX` long, and not name a non-public IP address.
 * What its host name resolves to is checked when the connection is made ({@link publicLookup}).
 *
 * @example
 * refusalOf(new URL('http://cdn.example/')) // 'https, got http:'
 */
export function refusalOf(url: URL): string | undefined {
  if (url.protocol !== 'https:') return `https, got ${url.protocol}`
  if (url.username !== '' || url.password !== '') return 'no userinfo, got some'
  if (url.href.length > URL_CHARS_MAX)
    return `at most ${URL_CHARS_MAX} characters, got ${url.href.length}`
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublicAddress(host)) return 'a public host, got a private one'
  return undefined
}

/** Error code of a connection that {@link publicLookup} refused. */
export const NOT_PUBLIC_CODE = 'ENOTPUBLIC'

/**
 * Makes a `lookup` for sockets that fails with {@link NOT_PUBLIC_CODE} when any address of the
 * name is not public. The socket connects to what this returned and nothing else, so a name that
 * resolves differently a moment later (DNS rebinding) gains nothing.
 *
 * @example
 * connect({ host: 'cdn.example', port: 443, lookup: publicLookup() })
 */
export function publicLookup(resolve: typeof lookup = lookup): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, '')
      const first = addresses[0]
      if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address)))
        return callback(Object.assign(new Error(NOT_PUBLIC_CODE), { code: NOT_PUBLIC_CODE }), '')
      if (options.all === true) return callback(null, addresses as LookupAddress[])
      callback(null, first.address, first.family)
    })
  }
}
