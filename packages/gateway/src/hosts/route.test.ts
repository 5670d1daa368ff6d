import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PATH_SEGMENTS_MAX, URL_CHARS_MAX } from '@turnpike/core/limits'
import { tokenOf } from '../parse-request.ts'
import { contentPathOf } from '../testing/content-path.ts'
import { route, type Route } from './route.ts'
import { type HostSettings, NO_HOSTS } from './settings.ts'

const EMPTY = 'http://h/ipfs/bafkqaaa'
const V0 = 'QmYjtig7VJQ6XsnUjqqJvj7QaMcCAwtrgNdahSiFofrE7o'
const V1 = 'bafybeie2reiz2q6rbcuwpy2etyztjnceolu4rdi7rp3th2lsky4r5ckeey'
const SHA512 =
  'bafkrgqhhyivzstcz3hhswshfjgy6ertgmnqeleynhwt4dlfsthi4' +
  'hn7zgh4uvlsb5xncykzapi3ocd4lzogukir6ksdy6wzrnz6ohnv4aglcs'
const PEER_ID = '12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d'
const KEY = 'k51qzi5uqu5dk3v4rmjber23h16xnr23bsggmqqil9z2gduiis5se8dht36dam'

const HOSTS: HostSettings = {
  named: new Set(['named.example']),
  subdomain: new Set(['sub.example', 'ports.example:81']),
}

function lead(url: string, hosts = HOSTS): string {
  const routed = route(url, hosts)
  return routed.error ? routed.error.name : told(routed.ok)
}

function told(found: Route): string {
  if (found.to === 'redirect') return `${found.status} ${found.location}`
  if (found.to === 'record') return `record ${found.asked.text}`
  const { path } = found
  return found.to === 'dnslink' ? `dnslink ${path.contentPath}` : `${found.to} ${path.contentPath}`
}

test('a path is taken apart once, and decoded once', () => {
  const path = contentPathOf(`${EMPTY}/Portugal%252C+Espa%C3%B1a%20x/?format=raw`)
  assert.deepEqual(path.segments, ['Portugal%2C+España x'])
  assert.equal(path.trailingSlash, true)
  assert.equal(path.query, '?format=raw')
  assert.equal(path.escapedPath, '/ipfs/bafkqaaa/Portugal%252C+Espa%C3%B1a%20x/')
  assert.deepEqual(contentPathOf(`${EMPTY}//a///b`).segments, ['a', 'b'])
})

test('paths are refused by the reason', () => {
  const refused = [
    ['not a url', 'InvalidPath'],
    ['http://h/', 'ContentNotFound'],
    ['http://h/ipfs/', 'InvalidPath'],
    ['http://h/ipfs/QmInvalidCID', 'InvalidPath'],
    ['http://h/ipns/localhost', 'InvalidPath'],
    ['http://h/ipfs/ipfs/QmInvalidCID', 'InvalidPath'],
    ['http://h/ipfs/ipns/QmInvalidKey', 'InvalidPath'],
    [`${EMPTY}/%e0%a4`, 'InvalidPath'],
    ['http://nothing.ipfs.sub.example/', 'InvalidPath'],
    ['http://localhost.ipns.sub.example/', 'InvalidPath'],
    ['http://sub.example/ipfs/nothing', 'InvalidPath'],
    [`http://sub.example/ipfs/${SHA512}`, 'InvalidRequest'],
    [`http://${SHA512}.ipfs.sub.example/`, 'InvalidRequest'],
  ] as const
  for (const [url, name] of refused) assert.equal(route(url, HOSTS).error?.name, name, url)
  const { error } = route('http://h/ipfs/QmInvalidCID', NO_HOSTS)
  assert.match(error!.message, /invalid path "\/ipfs\/QmInvalidCID"/)
  const long = route(`http://sub.example/ipfs/${SHA512}`, HOSTS)
  assert.match(long.error!.message, /CID incompatible with DNS label length limit of 63/)
})

test('URLs and paths are bounded', () => {
  const fill = (chars: number): string => EMPTY + '/'.repeat(chars - EMPTY.length)
  assert.notEqual(route(fill(URL_CHARS_MAX), NO_HOSTS).error?.name, 'UriTooLong')
  assert.equal(route(fill(URL_CHARS_MAX + 1), NO_HOSTS).error?.name, 'UriTooLong')
  assert.ok(route(EMPTY + '/a'.repeat(PATH_SEGMENTS_MAX), NO_HOSTS).ok)
  const over = route(EMPTY + '/a'.repeat(PATH_SEGMENTS_MAX + 1), NO_HOSTS)
  assert.equal(over.error?.name, 'InvalidPath')
})

test('a token comes from the query or as a bearer', () => {
  const token = (query: string, authorization = ''): string | undefined =>
    tokenOf(contentPathOf(EMPTY + query), new Request(EMPTY, { headers: { authorization } }))
  assert.equal(token(''), undefined)
  assert.equal(token('?authToken=a'), 'a')
  assert.equal(token('', 'Bearer b'), 'b')
  assert.equal(token('', 'Basic b'), undefined)
})

test('on any other host, paths lead to content and to names', () => {
  assert.equal(lead(`http://127.0.0.1:8080/ipfs/${V0}/a`), `content /ipfs/${V0}/a`)
  assert.equal(lead(`http://127.0.0.1:8080/ipns/${KEY}/a`), `name /ipns/${KEY}/a`)
  assert.equal(lead(`http://h/ipns/${PEER_ID}/a?b`), `302 /ipns/${KEY}/a?b`)
  assert.equal(lead('http://h/ipns/A.example.org/a'), 'name /ipns/A.example.org/a')
  assert.equal(lead(`http://h/ipfs/ipfs/${V0}/a?b`), `301 /ipfs/${V0}/a?b`)
  assert.equal(lead(`http://h/ipfs/ipns/${PEER_ID}/a`), `301 /ipns/${PEER_ID}/a`)
  assert.equal(lead(`http://h/ipfs/?uri=ipfs://${V0}/a`), `301 /ipfs/${V0}/a`)
  assert.equal(lead('http://h/ipfs/?uri=https://elsewhere.example'), 'InvalidRequest')
})

test('the Delegated Routing API leads to records, but on sites of others', () => {
  const path = `/routing/v1/ipns/${PEER_ID}`
  for (const host of ['127.0.0.1:8080', 'named.example', 'sub.example'])
    assert.match(lead(`http://${host}${path}`), new RegExp(`^record ${KEY}$|^dnslink`))
  assert.equal(lead(`http://10.0.0.1${path}`), `record ${KEY}`)
  assert.equal(lead('http://10.0.0.1/routing/v1/ipns/a.example'), 'InvalidRequest')
  assert.equal(lead(`http://10.0.0.1${path}/a`), 'ContentNotFound')
  assert.equal(lead(`http://bafkqaaa.ipfs.sub.example${path}`), `content /ipfs/bafkqaaa${path}`)
})

test('a host that might have a DNSLink is looked up, a gateway only beside its paths', () => {
  assert.equal(lead(`http://a.example.org/ipfs/${V0}`), `dnslink /ipns/a.example.org/ipfs/${V0}`)
  assert.equal(lead(`http://named.example/ipfs/${V0}`), `content /ipfs/${V0}`)
  assert.equal(lead('http://named.example/a'), 'dnslink /ipns/named.example/a')
  assert.equal(lead('http://10.0.0.1/a'), 'ContentNotFound')
})

test('a dot at the end of a host makes it no other host', () => {
  const dotted = `http://sub.example./ipfs/${V1}`
  assert.equal(lead(dotted), `301 http://${V1}.ipfs.sub.example./`)
  assert.equal(lead(`http://${V1}.ipfs.sub.example.:8/a`), `content /ipfs/${V1}/a`)
  assert.equal(
    lead(`http://ports.example.:81/ipfs/${V1}`),
    `301 http://${V1}.ipfs.ports.example.:81/`,
  )
  assert.equal(lead(`http://named.example./ipfs/${V1}`), `content /ipfs/${V1}`)
})

test('paths on a subdomain gateway lead to the subdomain of their root', () => {
  assert.equal(lead(`http://sub.example:8/ipfs/${V0}`), `301 http://${V1}.ipfs.sub.example:8/`)
  const escaped = 'Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt'
  assert.equal(
    lead(`https://sub.example/ipfs/${V1}/${escaped}?a=b`),
    `301 https://${V1}.ipfs.sub.example/${escaped}?a=b`,
  )
  assert.equal(lead(`http://sub.example/ipns/${PEER_ID}/`), `301 http://${KEY}.ipns.sub.example/`)
  assert.equal(
    lead('http://sub.example/ipns/en.wiki-on.example.org/x'),
    '301 http://en-wiki--on-example-org.ipns.sub.example/x',
  )
  assert.equal(
    lead(`http://ports.example:81/ipfs/${V1}`),
    `301 http://${V1}.ipfs.ports.example:81/`,
  )
  assert.equal(lead(`http://sub.example/ipfs/?uri=ipfs://${V0}`), `301 /ipfs/${V0}`)
})

test('a subdomain holds its root alone, under its canonical name', () => {
  assert.equal(lead(`http://${V1}.ipfs.sub.example:8/a/`), `content /ipfs/${V1}/a/`)
  assert.equal(lead(`http://${V1}.ipfs.sub.example/ipfs/${V0}`), `content /ipfs/${V1}/ipfs/${V0}`)
  assert.equal(
    lead(`http://${V0}.ipfs.sub.example:8/a?b`),
    `301 http://${V1}.ipfs.sub.example:8/a?b`,
  )
  assert.equal(lead(`http://${KEY}.ipns.sub.example/a`), `name /ipns/${KEY}/a`)
  assert.equal(lead(`http://${PEER_ID}.ipns.sub.example/a`), `301 http://${KEY}.ipns.sub.example/a`)
  const inlined = route('http://en-wiki--on-example-org.ipns.sub.example/a', HOSTS).ok!
  assert.ok(inlined.to === 'name')
  assert.deepEqual(inlined.path.candidates, ['en.wiki-on.example.org'])
  assert.equal(lead('http://en.wiki.org.ipns.sub.example/a'), 'name /ipns/en.wiki.org/a')
})

test('a name with dots is as it is written, and in lower case', () => {
  const candidates = (url: string): readonly string[] => {
    const routed = route(url, HOSTS).ok!
    assert.ok(routed.to === 'name', url)
    return routed.path.candidates
  }
  assert.deepEqual(candidates('http://en-wiki.org.ipns.sub.example/'), ['en-wiki.org'])
  assert.deepEqual(candidates('http://EN-wiki.org.ipns.sub.example/'), ['en-wiki.org'])
  assert.deepEqual(candidates('http://h/ipns/EN-wiki.org'), ['en-wiki.org'])
})

test('a host that can have no DNSLink is not looked up', () => {
  for (const host of ['localhost', 'a.localhost', '[::1]', 'one'])
    assert.equal(lead(`http://${host}/a`), 'ContentNotFound', host)
})

test('a label that DNS has no room for is refused, whatever it names', () => {
  const long = 'a'.repeat(64)
  for (const label of [long, `${long}.example.org`])
    assert.equal(lead(`http://${label}.ipns.sub.example/`), 'InvalidRequest')
  assert.notEqual(lead(`http://${'a'.repeat(63)}.org.ipns.sub.example/`), 'InvalidRequest')
})

test('the way to the canonical host keeps scheme, path and query', () => {
  const rest = '/%C4%85/a%2Fb/?x=%20'
  assert.equal(
    lead(`https://${V0}.ipfs.sub.example${rest}`),
    `301 https://${V1}.ipfs.sub.example${rest}`,
  )
  assert.equal(
    lead(`https://${PEER_ID}.ipns.sub.example${rest}`),
    `301 https://${KEY}.ipns.sub.example${rest}`,
  )
})

test('sites and names of the log follow the host that matched', () => {
  const of = (url: string): unknown => {
    const routed = route(url, HOSTS).ok!
    if (routed.to === 'redirect' || routed.to === 'record') return undefined
    const { site, domain } = routed.path
    return [site.kind, site.authority, site.gateway, domain]
  }
  assert.deepEqual(of('http://1.2.3.4:5/ipfs/bafkqaaa'), ['path', '1.2.3.4:5', '', ''])
  assert.deepEqual(of('http://named.example:5/ipfs/bafkqaaa'), [
    'path',
    'named.example:5',
    '',
    'named.example',
  ])
  const below = 'bafkqaaa.ipfs.sub.example:5'
  assert.deepEqual(of(`http://${below}/`), ['subdomain', below, 'sub.example:5', 'sub.example'])
  assert.deepEqual(of('http://a.org:5/'), ['dnslink', 'a.org:5', '', 'a.org'])
})

test('whatever the URL, routing answers and never throws', () => {
  fc.assert(
    fc.property(fc.webUrl({ withQueryParameters: true }), fc.string(), (url, text) => {
      route(url, HOSTS)
      route(`http://h/ipfs/${text}`, HOSTS)
      route(`http://sub.example/ipns/${text}`, HOSTS)
      route(`http://${text}.ipns.sub.example/`, HOSTS)
      route(`${EMPTY}/${text}`, HOSTS)
    }),
    { numRuns: 1000 },
  )
})
