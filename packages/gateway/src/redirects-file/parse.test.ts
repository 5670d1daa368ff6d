/**
 * What a `_redirects` file may say, and what is said of one that may not.
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PATH_SEGMENTS_MAX, REDIRECTS_FILE_BYTES_MAX } from '@turnpike/core/limits'
import { REDIRECT_STATUSES } from './rule.ts'
import { parseRedirects } from './parse.ts'

const parse = (text: string): ReturnType<typeof parseRedirects> =>
  parseRedirects(new TextEncoder().encode(text))

function messageOf(text: string): string {
  const { error } = parse(text)
  assert.equal(error?.name, 'RedirectsFileInvalid', text)
  return error!.message
}

describe('files that are allowed', () => {
  test('a rule has a path, a target and a status, 301 unless told', () => {
    const parsed = parse('/a/b  /c\n\t/d\thttps://example.org/e?x=1#f 302\n')
    assert.deepEqual(parsed.ok, [
      {
        line: 1,
        from: ['a', 'b'],
        splatPrefix: undefined,
        query: [],
        to: { origin: '', parts: ['/c'] },
        status: 301,
      },
      {
        line: 2,
        from: ['d'],
        splatPrefix: undefined,
        query: [],
        to: { origin: 'https://example.org', parts: ['/e?x=1#f'] },
        status: 302,
      },
    ])
  })

  test('placeholders, a splat and parameters are names for what is asked', () => {
    const [rule] = parse('/p/:year/x* id=:id lang=de /q/:year-:id/:splat?y=:year 301').ok!
    assert.deepEqual(rule, {
      line: 1,
      from: ['p', { placeholder: 'year' }],
      splatPrefix: 'x',
      query: [
        { key: 'id', value: { placeholder: 'id' } },
        { key: 'lang', value: 'de' },
      ],
      to: {
        origin: '',
        parts: [
          '/q/',
          { placeholder: 'year', where: 'path' },
          '-',
          { placeholder: 'id', where: 'path' },
          '/',
          { placeholder: 'splat', where: 'path' },
          '?y=',
          { placeholder: 'year', where: 'query' },
        ],
      },
      status: 301,
    })
  })

  test('what names no placeholder of the rule stays as it is', () => {
    const parts = parse('/:a-b/* /wiki/Special:Search/:a-b/:year').ok![0]!.to.parts
    const name = { placeholder: 'a-b', where: 'path' }
    assert.deepEqual(parts, ['/wiki/Special:Search/', name, '/:year'])
    assert.deepEqual(parse('/a http://h:8080/:8080').ok![0]!.to, {
      origin: 'http://h:8080',
      parts: ['/:8080'],
    })
  })

  test('comments, blank lines, CRLF and a byte order mark are no rules', () => {
    const parsed = parse('\uFEFF# first\r\n\r\n   \n  # \u0001 indented\r\n/a /b\r\n/c /d')
    assert.deepEqual(
      parsed.ok!.map(({ line, status }) => [line, status]),
      [
        [5, 301],
        [6, 301],
      ],
    )
    assert.deepEqual(parse('').ok, [])
  })

  test('every status of the specification', () => {
    const parsed = parse(REDIRECT_STATUSES.map((status) => `/a /b ${status}`).join('\n'))
    assert.deepEqual(
      parsed.ok!.map(({ status }) => status),
      REDIRECT_STATUSES,
    )
  })

  test('targets of the four schemes', () => {
    for (const scheme of ['http', 'https', 'ipfs', 'ipns', 'HTTPS'])
      assert.equal(parse(`/a ${scheme}://host/x`).ok![0]!.to.origin, `${scheme}://host`)
  })

  test('names in escapes and in UTF-8 are the same; what a header can not have is escaped', () => {
    const [escaped, plain, odd] = parse('/%C4%99 /ę\n/ę /%c4%99\n/100% /a\\b"<>').ok!
    assert.deepEqual(escaped!.from, plain!.from)
    assert.deepEqual(escaped!.to.parts, ['/%C4%99'])
    assert.deepEqual(plain!.to.parts, ['/%c4%99'])
    assert.deepEqual(odd!.from, ['100%'])
    assert.deepEqual(odd!.to.parts, ['/a%5Cb%22%3C%3E'])
  })
})

describe('files that are refused, with the line and the fault', () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    hello: /line 1: expected "from" to start with "\/", got "hello"$/,
    'a /b': /"from" to start/,
    'https://old.example/* /:splat': /"from" to start/,
    '/a': /expected "from to \[status\]", got no "to"/,
    '/a x=1': /got no "to"/,
    '/a b': /"to" expected a path that starts with one "\/", or an http, .* got "b"/,
    '/a //evil.example/': /"to" expected a path that starts with one "\/"/,
    '/a ftp://h/': /"to" expected/,
    '/a mailto:me': /"to" expected/,
    '/a javascript:alert(1)': /"to" expected/,
    '/a https://:host/ 301': /a URL with a host/,
    '/a https:///x': /"to" expected/,
    '/a /b 999': /a status of 200, 301, .*451, got "999"/,
    '/a /b 301!': /got "301!": an existing path is never redirected/,
    '/a /b 0301': /a status/,
    '/a /b 3e2': /a status/,
    '/a /b 301 # why': /2 fields more/,
    '/a /b 301 Country=de': /1 fields more/,
    '/a b /c': /"to" expected/,
    '/*/a /b': /"\*" at the end of "from" alone/,
    '/a/*/ /b': /"\*" at the end/,
    '/a/** /b': /"\*" at the end/,
    '/:a* /b': /no "\*" after a placeholder/,
    '/:/ /b': /placeholders of letters/,
    '/:a.html /b': /placeholders of letters, .* got ":a\.html"/,
    '/:a/:a /b': /each placeholder once in "from", got ":a" twice/,
    '/:a x=:a /b': /":a" twice/,
    '/:splat/* /b': /":splat" twice/,
    '/a\u0007 /b': /without control characters, got "\/a\\u0007"/,
    '/a /b\rX-Evil:1': /without control characters/,
  }
  for (const [line, message] of Object.entries(wrong))
    test(JSON.stringify(line), () => {
      assert.match(messageOf(line), /^could not parse _redirects: line 1: /)
      assert.match(messageOf(line), message)
    })

  test('the first bad line is named, whatever stands around it', () => {
    assert.match(messageOf('# ok\n/a /b\r\n/c\n/d'), /: line 3: /)
    assert.equal(parse('/a /b\n\n/c').error!.line, 3)
  })

  test('bytes that are not UTF-8', () => {
    const { error } = parseRedirects(Uint8Array.of(0x2f, 0xff))
    assert.match(error!.message, /^could not parse _redirects: expected UTF-8/)
  })

  test('a message stays short whatever the file', () => {
    assert.ok(messageOf(`/a ${'b'.repeat(60_000)}`).length < 400)
  })
})

describe('bounds', () => {
  const rule = '/from /to 301\n'
  const full = rule.repeat(4681).padEnd(REDIRECTS_FILE_BYTES_MAX, '\n')

  test('64 KiB are allowed, a byte more is not', () => {
    assert.equal(parse(full).ok!.length, 4681)
    const message = messageOf(`${full}\n`)
    assert.match(message, /^could not parse _redirects: .*redirects file size cannot exceed 65536/)
  })

  test('as many rules as fit', () => {
    assert.equal(parse('/ /\n'.repeat(REDIRECTS_FILE_BYTES_MAX / 4)).ok!.length, 16_384)
  })

  test('no more names than a path may have', () => {
    assert.equal(parse(`${'/a'.repeat(PATH_SEGMENTS_MAX)} /b`).error, undefined)
    assert.match(messageOf(`${'/a'.repeat(PATH_SEGMENTS_MAX + 1)} /b`), /<= 128 names/)
  })
})
