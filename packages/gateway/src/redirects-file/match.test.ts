/**
 * Which rule of a `_redirects` file a request meets, and where that leads.
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { URL_CHARS_MAX } from '@turnpike/core/limits'
import { expandTarget, locationOf } from './target.ts'
import { matchRedirects } from './match.ts'
import { parseRedirects } from './parse.ts'

/** What a file makes of a request: status and Location. */
function led(file: string, request: string): string | undefined {
  const rules = parseRedirects(new TextEncoder().encode(file)).ok!
  const { pathname, search, searchParams } = new URL(request, 'http://site.example')
  const names = pathname.split('/').filter((name) => name !== '')
  const match = matchRedirects(rules, names.map(decodeURIComponent), searchParams)
  if (match === undefined) return undefined
  const expanded = expandTarget(match.rule.to, match.captures)
  if (expanded.error) return expanded.error.name
  return `${match.rule.status} ${locationOf(expanded.ok, search)}`
}

describe('which rule', () => {
  test('the first that fits', () => {
    const file = '/a /one\n/a /two\n/* /rest 302'
    assert.equal(led(file, '/a'), '301 /one')
    assert.equal(led(file, '/b'), '302 /rest')
  })

  test('a path as a whole: neither its start nor its end alone', () => {
    for (const path of ['/x/a', '/a/x', '/ax', '/xa', '/A'])
      assert.equal(led('/a /b', path), undefined)
    assert.equal(led('/a/:b /c', '/x/a/b'), undefined)
    assert.equal(led('/a/* /c', '/x/a/b'), undefined)
    assert.equal(led('/. /b', '/a'), undefined)
    assert.equal(led('/a.c /b', '/abc'), undefined)
    assert.equal(led('/(a|b)+ /c', '/a'), undefined)
  })

  test('a trailing slash, in the file or the request, is nothing', () => {
    for (const from of ['/a', '/a/'])
      for (const path of ['/a', '/a/']) assert.ok(led(`${from} /b`, path))
  })

  test('a placeholder is one name', () => {
    assert.equal(led('/:a /b/:a', '/x'), '301 /b/x')
    assert.equal(led('/:a /b/:a', '/x/y'), undefined)
    assert.equal(led('/:m/:d/:y /:y/:m/:d/:y', '/06/15/2022'), '301 /2022/06/15/2022')
  })

  test('a splat is the rest, of one name at least', () => {
    assert.equal(led('/s/* /t/:splat', '/s/a/b.html'), '301 /t/a/b.html')
    assert.equal(led('/s/* /t/:splat', '/s/'), undefined)
    assert.equal(led('/s* /t/:splat', '/s'), '301 /t/')
    assert.equal(led('/s* /t/:splat', '/s1/b'), '301 /t/1/b')
  })

  test('parameters: all of the rule, whatever else is asked', () => {
    const file = '/s id=:id lang=de /de/:id\n/s id=:id /b/:id\n/s /s/all'
    assert.equal(led(file, '/s?id=7'), '301 /b/7?id=7')
    assert.equal(led(file, '/s?x=1&lang=de&id=7'), '301 /de/7?x=1&lang=de&id=7')
    assert.equal(led(file, '/s?lang=de'), '301 /s/all?lang=de')
    assert.equal(led('/s id= /none', '/s?id=7'), undefined)
  })

  test('escaped and plain names are the same', () => {
    assert.equal(led('/ę/:a /b/:a', '/%C4%99/%C4%85'), '301 /b/%C4%85')
    assert.equal(led('/%c4%99/* /:splat', '/%C4%99/a%2Fb'), '301 /a%2Fb')
  })
})

describe('where to', () => {
  test('no request leads to another host than the file names', () => {
    assert.equal(led('/* /:splat', '//evil.example'), undefined)
    assert.equal(led('/a* /:splat', '/a//evil.example'), '301 /evil.example')
    assert.equal(led('/x/* /:splat', '/x//evil.example'), '301 /evil.example')
    assert.equal(led('/x/* /:splat', '/x/%5Cevil.example'), '301 /%5Cevil.example')
    assert.equal(led('/x/* /:splat', '/x/%2Fevil.example'), '301 /%2Fevil.example')
    assert.equal(led('/:a https://h/:a', '/@evil'), '301 https://h/@evil')
  })

  test('a host with other letters is written as a header can carry it', () => {
    assert.equal(
      led('/* https://bücher.example/:splat', '/a'),
      '301 https://xn--bcher-kva.example/a',
    )
    assert.equal(led('/a ipfs://ba\uFEFFfy/b', '/a'), '301 ipfs://ba%EF%BB%BFfy/b')
  })

  test('values can not break out of a query or a header', () => {
    assert.equal(led('/:a /b?x=:a&y=2', '/1&y=3%0D%0A'), '301 /b?x=1%26y%3D3%0D%0A&y=2')
    assert.equal(led('/:a /b/:a', '/%0D%0AX%3A1'), '301 /b/%0D%0AX:1')
    assert.equal(led('/:a /b/:a', '/%3Fx%23y'), '301 /b/%3Fx%23y')
  })

  test('parameters are passed along, and win over those of the rule', () => {
    assert.equal(led('/a /b', '/a?x=1&x=2'), '301 /b?x=1&x=2')
    assert.equal(led('/a /b?s=1&x=0', '/a?x=1'), '301 /b?s=1&x=1')
    assert.equal(led('/a /b?s=1#f', '/a?y=%20'), '301 /b?s=1&y=%20#f')
    assert.equal(led('/a /b#f', '/a'), '301 /b#f')
    assert.equal(led('/a https://h', '/a?y=1'), '301 https://h?y=1')
  })

  test('a token stays with this host', () => {
    assert.equal(led('/a /b', '/a?authToken=t'), '301 /b?authToken=t')
    assert.equal(led('/a https://h/b', '/a?x=1&authToken=t'), '301 https://h/b?x=1')
    assert.equal(led('/a https://h/b', '/a?auth%54oken=t'), '301 https://h/b')
    assert.equal(led('/a ipfs://h/b', '/a?authToken=t'), '301 ipfs://h/b')
  })

  test('a target that repeats what is asked is bounded', () => {
    const times = (count: number): string => `/* /${':splat'.repeat(count)}`
    const name = 'n'.repeat((URL_CHARS_MAX - 1) / 5)
    assert.match(led(times(5), `/${name}`)!, /^301 \/n+$/)
    assert.equal(led(times(6), `/${name}`), 'UriTooLong')
    assert.equal(led(times(10_000), `/${name}`), 'UriTooLong')
  })
})
