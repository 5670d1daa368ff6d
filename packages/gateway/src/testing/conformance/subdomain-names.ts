/**
 * The groups of mutable names on subdomain gateways in the conformance suite, v0.13.2, from the
 * rules; and that of canonical names in paths.
 * @module
 */
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { CID } from 'multiformats/cid'
import { decode as decodeDigest } from 'multiformats/hashes/digest'
import type { ConformanceGroup } from './groups.ts'
import { GATEWAY, moved, onHost } from './subdomains.ts'
import type { ConformanceCase } from './table.ts'

/** Peer ids of the records in `subdomain_gateway`: an RSA key and an Ed25519 one. */
const KEYS = {
  RSA: 'QmVujd5Vb7moysJj8itnGufN7MEtPRCNHkKpNuA4onsRa3',
  Ed25519: '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d',
} as const
const LIBP2P_KEY = 0x72
const DAG_PB = 0x70
/** A name whose content is nowhere, and one with a hyphen whose content is a file. */
const ABSENT = 'en.wikipedia-on-ipfs.example.org'
const ABSENT_LABEL = 'en-wikipedia--on--ipfs-example-org'
const LINKED = 'dnslink-test.example.org'
const LABEL = 'dnslink--test-example-org'
const HELLO = /^hello\n$/
/** A name may change: absent, or with an age of its own. */
const MUTABLE = /^(?:public, max-age=\d+)?$/

function cidOf(peerId: string, codec: number): string {
  return CID.create(1, codec, decodeDigest(base58btc.decode(`z${peerId}`))).toString(base36)
}

function keyRows(): ConformanceCase[] {
  const forKeys = Object.entries(KEYS).flatMap(([kind, peerId]) => {
    const key = cidOf(peerId, LIBP2P_KEY)
    const host = `${key}.ipns.${GATEWAY}`
    const wants = { 'x-ipfs-path': `/ipns/${key}/`, 'cache-control': MUTABLE }
    return [
      moved(`${kind}: a peer id`, [`/ipns/${peerId}`, `http://${host}/`]),
      moved(`${kind}: a key as CID`, [`/ipns/${key}/`, `http://${host}/`]),
      onHost(host, { name: `${kind}: its host`, path: '/', status: 200, wants, body: HELLO }),
      onHost(`${cidOf(peerId, DAG_PB)}.ipns.${GATEWAY}`, {
        name: `${kind}: a host of another codec`,
        path: '/a?b=%20',
        status: 301,
        wants: { location: `http://${host}/a?b=%20` },
      }),
    ]
  })
  return [
    ...forKeys,
    onHost(`${LINKED}.ipns.${GATEWAY}`, {
      name: 'a host with a DNS name in it',
      path: '/',
      status: 200,
      body: HELLO,
    }),
  ]
}

function inliningRows(): ConformanceCase[] {
  const https = { 'x-forwarded-proto': 'https' }
  const host = `${LABEL}.ipns.${GATEWAY}`
  const absent = `${ABSENT_LABEL}.ipns.${GATEWAY}`
  const hello = { path: '/', status: 200, body: HELLO }
  return [
    moved('a name', [`/ipns/${LINKED}`, `http://${host}/`]),
    moved('a name over https', [`/ipns/${LINKED}`, `https://${host}/`], https),
    moved('a name with a path', [`/ipns/${ABSENT}/wiki/`, `http://${absent}/wiki/`]),
    moved(
      'a name with a path over https',
      [`/ipns/${ABSENT}/wiki/`, `https://${absent}/wiki/`],
      https,
    ),
    moved('a name with a query', [`/ipns/${ABSENT}/?a=%20`, `http://${absent}/?a=%20`]),
    onHost(host, { ...hello, name: 'an inlined name' }),
    onHost(host, { ...hello, name: 'an inlined name over https', headers: https }),
    onHost(`${LINKED}.ipns.${GATEWAY}`, { ...hello, name: 'a name as it is' }),
    onHost('fake.domain.com', {
      ...hello,
      name: 'an inlined name that a proxy passes on',
      headers: { 'x-forwarded-host': host },
    }),
  ]
}

function canonicalRows(): ConformanceCase[] {
  return Object.entries(KEYS).map(([kind, peerId]) => ({
    name: kind,
    path: `/ipns/${peerId}/root2/?a=b`,
    headers: { host: '127.0.0.1' },
    status: 302,
    wants: { location: `/ipns/${cidOf(peerId, LIBP2P_KEY)}/root2/?a=b` },
  }))
}

function beyondRows(): ConformanceCase[] {
  const host = `${LABEL}.ipns.${GATEWAY}`
  return [
    onHost(host, {
      name: 'X-Ipfs-Path has the name, not the label',
      path: '/',
      status: 200,
      wants: { 'x-ipfs-path': `/ipns/${LINKED}/`, 'cache-control': MUTABLE },
    }),
    onHost(host.toUpperCase(), {
      name: 'a host in upper case',
      path: '/',
      status: 200,
      body: HELLO,
    }),
    onHost(`nobody-example-org.ipns.${GATEWAY}`, { name: 'no DNSLink', path: '/', status: 404 }),
    onHost(`localhost.ipns.${GATEWAY}`, { name: 'no name', path: '/', status: 400 }),
    onHost(GATEWAY, { name: 'neither key nor name', path: '/ipns/localhost', status: 400 }),
  ]
}

/** Groups of spec subdomain-ipns-gateway. They need the suite's names, its records and no DNS. */
export const subdomainNameGroups: readonly ConformanceGroup[] = [
  { name: 'TestGatewaySubdomainAndIPNS', rows: keyRows },
  { name: 'TestSubdomainGatewayDNSLinkInlining', rows: inliningRows },
  { name: 'TestRedirectCanonicalIPNS', rows: canonicalRows },
  { name: 'beyond the suite: names on subdomains', rows: beyondRows },
]
