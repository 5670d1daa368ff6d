/**
 * Requests as their grammar has them, each part once in a while wrong.
 * @module
 */
import type { Random } from '../rig/random.ts'
import { mutate } from './mutate.ts'

/** Roots that requests name: CIDs and names of all kinds, and what is neither. */
export const ROOTS: readonly string[] = [
  'bafkqaaa',
  'bafkqaddimvwgy3zao5xxe3debi',
  'QmYjtig7VJQ6XsnUjqqJvj7QaMcCAwtrgNdahSiFofrE7o',
  'bafybeie2reiz2q6rbcuwpy2etyztjnceolu4rdi7rp3th2lsky4r5ckeey',
  'k2jmtxu5ae9s0ywsu2qnxvrzpu0tawn4qmkxjb6zcf5sssdlp3h8dpxl',
  // Of SHA-512: longer than a label of DNS.
  'bafkrgqhhyivzstcz3hhswshfjgy6ertgmnqeleynhwt4dlfsthi4hn7zgh4u' +
    'vlsb5xncykzapi3ocd4lzogukir6ksdy6wzrnz6ohnv4aglcs',
  '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d',
  'k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam',
  'en.wikipedia-on-ipfs.example.org',
  'en-wikipedia--on--ipfs-example-org',
  'QmInvalidCID',
  'bafyrei',
]

/** Names of gateways, and of hosts that are none. */
export const HOSTS: readonly string[] = [
  '127.0.0.1:8080',
  '[::1]:8080',
  'localhost',
  'gateway.example',
  'sub.example',
  'sub.example:8080',
  'fake.domain.com',
  'trustless.example',
  'site.example.org',
  'xn--bcher-kva.example',
]

const NAMESPACES = ['ipfs', 'ipfs', 'ipfs', 'ipfs', 'ipns', 'ipns', 'ipfs/ipfs', 'IPFS', '', 'api']
NAMESPACES.push('routing/v1/ipns')
const SEGMENTS = ['a', 'index.html', '%20', '%C4%85', '%', '%ff', '%2F', '%2e%2e', '..', '.', '']
SEGMENTS.push('+', 'Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt', 'ą', '%00', '%0d%0a')

/** Formats, as the query names them, and one that there is not. */
export const FORMATS: readonly string[] = [
  'raw',
  'car',
  'tar',
  'dag-json',
  'dag-cbor',
  'json',
  'cbor',
  'ipns-record',
  'html',
]

/** Parameters of queries, and pieces of them. */
export const PARAMETERS: readonly string[] = [
  ...FORMATS.map((format) => `format=${format}`),
  'car-version=1',
  'car-order=dfs',
  'car-order=unk',
  'car-dups=y',
  'car-dups=n',
  'dag-scope=block',
  'dag-scope=entity',
  'dag-scope=all',
  'entity-bytes=0:*',
  'entity-bytes=-5:-1',
  'entity-bytes=512:1023',
  'filename=test%D1%82.txt',
  'filename="a%0d%0ab',
  'download=true',
  'go-get=1',
  'uri=ipfs%3A%2F%2Fbafkqaaa%2Fa%3Fb',
  'uri=ipns://example.org',
  'authToken=secret',
  'space=did:key:z6MkAlice',
]

const TYPES = ['application/vnd.ipld.car', 'application/vnd.ipld.raw', 'text/html', '*/*']
TYPES.push('application/vnd.ipld.dag-json', 'application/vnd.ipld.dag-cbor', 'application/json')
TYPES.push('application/cbor', 'application/x-tar', 'application/vnd.ipfs.ipns-record', 'foo')
const TYPE_PARAMETERS = ['version=1', 'order=dfs', 'order=unk', 'dups=y', 'dups=n', 'q=0', 'q=0.5']
TYPE_PARAMETERS.push('q=1.0001', 'charset="a;b,c"')

const RANGES = ['0-0', '0-3', '2-9', '6-16', '5-', '-3', '-99', '-', '-0', '3-1', '9999999999999-']
RANGES.push('0-18446744073709551616')
const TAGS = [
  '"bafkqaaa"',
  'W/"bafkqaaa"',
  '*',
  '"',
  '""',
  '"DirIndex-x_CID-bafkqaaa"',
  'W/',
  '"a,b"',
]

const CAR_TOKENS = ['car-', 'entity-bytes=', 'dag-scope=', ':', '*', '-', '&', '9007199254740993']
const URL_TOKENS = [
  ...ROOTS,
  ...PARAMETERS,
  '/ipfs/',
  '/ipns/',
  '.ipfs.',
  '.ipns.',
  '%25',
  '?',
  '&',
]

function some(random: Random, max: number, make: () => string): string[] {
  return Array.from({ length: random.below(max + 1) }, make)
}

/** Most of what is made should be right enough to get past the first check. */
function seldom(random: Random, text: string, tokens: readonly string[]): string {
  return random.below(3) === 0 ? mutate(random, text, tokens) : text
}

/** A query with its `?`, or none. */
export function queryText(random: Random): string {
  const parameters = some(random, 3, () => random.pick(PARAMETERS)).join('&')
  return parameters === '' ? '' : `?${seldom(random, parameters, CAR_TOKENS)}`
}

/** The path of a request target. `roots` are what it may name besides those of this grammar. */
export function pathText(random: Random, roots: readonly string[] = ROOTS): string {
  const namespace = random.pick(NAMESPACES)
  const root = random.below(8) === 0 ? random.pick(ROOTS) : random.pick(roots)
  const path = ['', namespace, root, ...some(random, 4, () => random.pick(SEGMENTS))].join('/')
  return seldom(random, path, URL_TOKENS)
}

/** A host, its subdomain of a root among them. */
export function hostText(random: Random, roots: readonly string[] = ROOTS): string {
  const host = random.pick(HOSTS)
  if (random.below(2) === 0) return host
  const namespace = random.pick(['ipfs', 'ipns', 'api'])
  const sub = `${random.pick(roots)}.${namespace}.${random.pick(['sub.example', host])}`
  return seldom(random, sub, URL_TOKENS)
}

/** An absolute URL. */
export function urlText(random: Random, roots?: readonly string[]): string {
  const scheme = random.pick(['http', 'http', 'https', 'HTTP', 'ipfs', ''])
  const url = `${scheme}://${hostText(random, roots)}${pathText(random, roots)}${queryText(random)}`
  return seldom(random, url, URL_TOKENS)
}

/** An Accept header. */
export function acceptText(random: Random): string {
  const types = some(random, 4, () =>
    [random.pick(TYPES), ...some(random, 2, () => random.pick(TYPE_PARAMETERS))].join('; '),
  )
  return seldom(random, types.join(', '), [...TYPES, ...TYPE_PARAMETERS, ';', ',', 'q='])
}

/** A Range header. */
export function rangeText(random: Random): string {
  const unit = random.pick(['bytes', 'bytes', 'bytes', 'Bytes', 'lines'])
  const more = random.below(3) === 0 ? some(random, 4, () => random.pick(RANGES)) : []
  const ranges = [random.pick(RANGES), ...more].join(', ')
  return seldom(random, `${unit}=${ranges}`, [...RANGES, 'bytes=', ',', '-'])
}

/** An If-None-Match or If-Range header. */
export function tagText(random: Random): string {
  return seldom(random, some(random, 3, () => random.pick(TAGS)).join(', '), TAGS)
}

const RULE_PATHS = ['/a', '/a/*', '/:x', '/:x/:y', '/a/:x/*', '/*', '/ą', '/%C4%85', 'a', '/a*b']
const RULE_TARGETS = ['/b', '/:x', '/:splat', '/b?q=:x#:y', 'https://h.example/:splat', '//h', 'b']
RULE_TARGETS.push('ipfs://bafkqaaa/:x', '/404.html', '/index.html', 'javascript:alert(1)')
const RULE_STATUSES = ['', '200', '301', '302', '404', '410', '451', '301!', '500', '0200']
const RULE_ENDS = ['\n', '\r\n', ' # comment\n', '\n# comment\n', '\n\n', '\t\n']

/** Bytes of a `_redirects` file. */
export function redirectsText(random: Random): string {
  const line = (): string => {
    const fields = [
      random.pick(RULE_PATHS),
      random.pick(['', '', 'q=:x', 'a=b']),
      random.pick(RULE_TARGETS),
    ]
    return [...fields, random.pick(RULE_STATUSES)].join(' ') + random.pick(RULE_ENDS)
  }
  const file = some(random, 6, line).join('')
  return seldom(random, file, [
    ...RULE_PATHS,
    ...RULE_TARGETS,
    ...RULE_STATUSES,
    '\n',
    ' ',
    '\0',
    '\uFEFF',
  ])
}

/** An If-Modified-Since header. */
export function dateText(random: Random): string {
  const dates = ['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', '0', '1e400']
  return seldom(random, random.pick(dates), dates)
}
