/**
 * DNS names as hosts and as labels: which may have a DNSLink, and how a name becomes one label.
 * @module
 */

/** Characters of a DNS name as text, without a trailing dot (RFC 1035 section 2.3.4). */
const NAME_CHARS_MAX = 253
/** Characters of one label (RFC 1035 section 2.3.4). */
const LABEL_CHARS_MAX = 63
/** Label below a host under which its DNSLink stands (dnslink.dev, "_dnslink subdomain"). */
export const DNSLINK_LABEL = '_dnslink'
/**
 * Letters, digits and hyphens (RFC 1123 section 2.1), and underscores, which browsers and the field
 * let pass; not in front, where they mark records that are no hosts (RFC 8552).
 */
const LABEL = /^[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?$/
/**
 * Top-level names that no DNS server may be asked for: RFC 6761 sections 6.3 and 6.4, RFC 6762,
 * RFC 7686, RFC 9476. `test` is not among them: private DNS may have it.
 */
const NOT_IN_DNS: ReadonlySet<string> = new Set(['localhost', 'invalid', 'local', 'onion', 'alt'])

/**
 * A DNS name of at least two labels in its one form: lower case, no trailing dot. Undefined for
 * what is none: addresses, single labels, ports, non-ASCII (hosts come as punycode), what is too
 * long.
 *
 * @example
 * dnsNameOf('Docs.Example.ORG.') // 'docs.example.org'
 */
export function dnsNameOf(host: string): string | undefined {
  if (host.length > NAME_CHARS_MAX + 1) return undefined
  const name = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()
  const labels = name.split('.')
  const fits = labels.every((label) => label.length <= LABEL_CHARS_MAX && LABEL.test(label))
  if (!fits || labels.length < 2 || name.length > NAME_CHARS_MAX) return undefined
  // No top-level name is a number: what ends in one is an IPv4 address, or would be one.
  return /^\d+$/.test(labels.at(-1)!) ? undefined : name
}

/**
 * Whether a host can have a DNSLink at all. What can't is never looked up: IP addresses, single
 * labels, names of special use, names with no room for `_dnslink.` before them.
 *
 * @example
 * mayHaveDnsLink('docs.ipfs.tech') // true
 * mayHaveDnsLink('127.0.0.1') // false
 */
export function mayHaveDnsLink(host: string): boolean {
  const name = dnsNameOf(host)
  if (name === undefined) return false
  if (NOT_IN_DNS.has(name.slice(name.lastIndexOf('.') + 1))) return false
  return DNSLINK_LABEL.length + 1 + name.length <= NAME_CHARS_MAX
}

/**
 * A DNS name as one label, so that one wildcard certificate covers it below a subdomain gateway:
 * `-` becomes `--`, `.` becomes `-` (subdomain gateway specification, "Host header"). Undefined
 * when it is no DNS name or the label would be longer than 63 characters.
 *
 * @example
 * inlineDnsName('my.v-long.example.com') // 'my-v--long-example-com'
 */
export function inlineDnsName(fqdn: string): string | undefined {
  const label = dnsNameOf(fqdn)?.replaceAll('-', '--').replaceAll('.', '-')
  return label !== undefined && label.length <= LABEL_CHARS_MAX ? label : undefined
}

/**
 * The name that {@link inlineDnsName} made a label of: `--` is a hyphen, `-` a dot. A label that
 * was not made so may give anything; the caller checks.
 *
 * @example
 * uninlineDnsName('my-v--long-example-com') // 'my.v-long.example.com'
 */
export function uninlineDnsName(label: string): string {
  return label.replaceAll(/--?/g, (hyphens) => (hyphens === '--' ? '-' : '.'))
}
