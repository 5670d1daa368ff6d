import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OwnAuthority } from './own-authority.ts'
import { absoluteUrl, forwardedOf } from '@turnpike/gateway/hosts/target'

const runs = { numRuns: Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 2000) }
/** Text as it can stand in a request line or a field: what Node's parser lets through. */
const field = fc.string({
  unit: fc.integer({ min: 0x20, max: 0xff }).map((c) => String.fromCharCode(c)),
})
const name = fc.oneof(field, fc.domain(), fc.constantFrom('a:80', '[::1]:81', 'Qm.ipfs.b.example'))
const host = fc.option(name, { nil: undefined })
const target = fc.oneof(
  field,
  field.map((path) => `/${path}`),
  fc.tuple(name, field).map(([authority, path]) => `http://${authority}/${path}`),
)
const forwarded = fc.option(
  fc.record({ scheme: fc.constantFrom('http', 'https', undefined), host }),
  { nil: undefined },
)

test('whatever is sent is refused, or a URL whose authority is the one that counts', () => {
  fc.assert(
    fc.property(target, host, forwarded, (line, asked, told) => {
      const url = absoluteUrl(line, { host: asked, forwarded: told })
      if (url instanceof Error) return
      const [, scheme, authority] = /^(https?):\/\/([^/?#]*)/i.exec(url)!
      const own = line.startsWith('/') ? asked : /^https?:\/\/([^/?#]*)/i.exec(line)![1]
      assert.equal(authority, told?.host ?? own)
      if (told?.scheme !== undefined) assert.equal(scheme, told.scheme)
      assert.doesNotMatch(authority!, /[@\\\s%]/, 'no second authority inside')
    }),
    runs,
  )
})

test('what follows the authority is handed on as it came', () => {
  const told = { scheme: 'https', host: 'b.example' } as const
  for (const rest of ['', '?q', '/', '/a%2F../b?c=%20', '//x', '/#'])
    assert.equal(
      absoluteUrl(`HTTP://a.example${rest}`, { host: undefined, forwarded: told }),
      `https://b.example${rest}`,
    )
})

test('a host that is none is refused by the name of its field', () => {
  const without = { scheme: undefined, host: undefined }
  const bad = { scheme: undefined, host: 'a b' }
  for (const [line, told, where] of [
    ['/', undefined, /Host field/],
    ['/', without, /Host field/],
    ['/', bad, /X-Forwarded-Host/],
    ['http://a.example/', bad, /X-Forwarded-Host/],
    ['http://a b/', undefined, /request line/],
  ] as const) {
    const url = absoluteUrl(line, { host: 'a b', forwarded: told })
    assert.match(url instanceof Error ? url.message : url, where)
  }
})

test('fields of proxies are read whatever they hold', () => {
  const value = fc.option(fc.oneof(field, fc.array(field)), { nil: undefined })
  fc.assert(
    fc.property(value, value, (proto, hosts) => {
      const fields = { 'x-forwarded-proto': proto, 'x-forwarded-host': hosts }
      const read = forwardedOf(fields)
      assert.equal(read === undefined, proto === undefined && hosts === undefined)
      assert.ok([undefined, 'http', 'https'].includes(read?.scheme))
      assert.doesNotMatch(read?.host ?? 'x', /,|^\s|\s$|^$/)
    }),
    runs,
  )
})

test('CONNECT leads to ourselves for no name that only looks like ours', () => {
  const own = new OwnAuthority({
    hosts: ['gateway.example'],
    subdomainHosts: ['example.com'],
    publicUrl: undefined,
  })
  const local = { address: '192.0.2.7', port: 8080 }
  fc.assert(
    fc.property(
      fc.oneof(
        field,
        name,
        fc.tuple(name, fc.nat(9999)).map((p) => p.join(':')),
      ),
      (to) => {
        if (!own.has(to, local)) return
        const { hostname, port } = new URL(`http://${to}`)
        assert.equal(port, '8080')
        assert.match(
          hostname,
          /^(?:localhost|127\..*|\[::1\]|192\.0\.2\.7|gateway\.example|(?:.*\.)?example\.com)$/,
        )
      },
    ),
    runs,
  )
})
