import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseAccept } from './accept.ts'
import { negotiate } from './negotiate.ts'
import { contentPathOf } from './testing/content-path.ts'

const EMPTY = 'http://h/ipfs/bafkqaaa'

function wanted(query: string, accept?: string): ReturnType<typeof negotiate> {
  const headers = { get: (name: string) => (name === 'accept' ? (accept ?? null) : null) }
  const { signal } = new AbortController()
  return negotiate(contentPathOf(EMPTY + query), {
    method: 'GET',
    url: EMPTY,
    headers,
    signal,
  })
}

function format(query: string, accept?: string): unknown {
  const got = wanted(query, accept)
  return got.error ? got.error.name : got.ok.format
}

test('the format comes from the URL, else from Accept', () => {
  assert.equal(format(''), undefined)
  assert.equal(format('?format=car', 'application/vnd.ipld.raw'), 'car')
  assert.equal(format('', 'text/html, application/vnd.ipld.car;version=1'), 'car')
  assert.equal(format('', 'foo, APPLICATION/vnd.ipld.dag-json ,bar'), 'dag-json')
  assert.equal(format('', 'application/json, text/plain, */*'), 'json')
  assert.equal(
    format('', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'),
    undefined,
  )
  assert.equal(format('?format=zip'), 'NotAcceptable')
  assert.equal(format('', 'application/vnd.ipld.foo'), 'NotAcceptable')
  assert.equal(format('', 'application/vnd.ipld.foo, */*;q=0.1'), undefined)
})

test('quality decides, then the order; 0 refuses', () => {
  const raw = 'application/vnd.ipld.raw'
  const car = 'application/vnd.ipld.car'
  assert.equal(format('', `${raw};q=0.4, ${car};q=0.5`), 'car')
  assert.equal(format('', `${raw}, ${car}`), 'raw')
  assert.equal(format('', `${raw};q=0, ${car};q=0.1`), 'car')
  assert.equal(format('', `${raw};q=0`), undefined)
  assert.equal(format('', `${raw};q=0.5, text/html`), undefined)
})

test('a page about data is for who names HTML and wants no data more', () => {
  const html = (accept: string, query = ''): unknown => wanted(query, accept).ok?.html
  const browser = 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8'
  for (const accept of [browser, 'text/html', 'TEXT/HTML;q=0.1, image/png', 'text/html, */*'])
    assert.equal(html(accept), true, accept)
  const others = ['*/*', '', 'text/*', 'text/html;q=0', 'text/html;q=0.5, */*']
  others.push('text/html;q=0.5, application/*;q=0.6', 'application/xhtml+xml')
  for (const accept of others) assert.equal(html(accept), false, accept)
  assert.equal(html('text/html, application/json;q=0.9'), true)
  assert.equal(html('text/html, application/json'), false)
  assert.equal(html(browser, '?format=json'), false)
})

test('a TAR is asked for by format or by type', () => {
  assert.equal(format('?format=tar', 'application/vnd.ipld.car'), 'tar')
  assert.equal(format('', 'application/x-tar'), 'tar')
  assert.equal(format('', 'text/html, application/x-tar;q=0.9'), undefined)
})

test('parameters of a CAR count where Accept names one', () => {
  const dups = 'application/vnd.ipld.car; dups="y"'
  assert.equal(wanted('', dups).ok?.car?.dups, true)
  assert.equal(wanted('?format=car', dups).ok?.car?.dups, true)
  assert.equal(wanted('?format=car&car-dups=n', dups).ok?.car?.dups, false)
  assert.equal(wanted('?format=car', 'application/vnd.ipld.raw; dups=y').ok?.car?.dups, false)
  assert.equal(wanted('?format=raw', 'application/vnd.ipld.car; dups=x').ok?.format, 'raw')
  assert.equal(format('', 'application/vnd.ipld.car; version=2'), 'InvalidRequest')
})

test('whatever the Accept header, it is read', () => {
  const type = fc.stringMatching(/^[a-z*]{0,4}\/?[a-z*;=q."0-9 ]{0,12}$/)
  fc.assert(
    fc.property(fc.array(type), (types) => {
      for (const { quality } of parseAccept(types.join(','))) assert.ok(quality > 0 && quality <= 1)
    }),
  )
})

test('a format that there is not is refused, but on a host that is a site of its own', () => {
  assert.equal(format('?format=pdf'), 'NotAcceptable')
  assert.equal(format('?format=', 'application/vnd.ipld.raw'), 'NotAcceptable')
  const query = '?format=large'
  const params = new URLSearchParams(query)
  const request = {
    method: 'GET',
    url: EMPTY,
    headers: new Headers({ accept: 'application/vnd.ipld.raw' }),
    signal: new AbortController().signal,
  }
  for (const kind of ['subdomain', 'dnslink'] as const) {
    const site = { kind, scheme: 'http', authority: 'h', gateway: '' } as const
    assert.equal(negotiate({ params, query, site }, request).ok?.format, 'raw')
    const plain = { ...request, headers: new Headers() }
    assert.deepEqual(negotiate({ params, query, site }, plain).ok, {
      format: undefined,
      html: false,
    })
  }
})
