/**
 * Random files and paths: a printer undone by the parser, a matcher that agrees with a slower one,
 * and bytes of any kind. `TURNPIKE_FUZZ_RUNS` makes it longer.
 * @module
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'node:test'
import { REDIRECTS_FILE_BYTES_MAX, URL_CHARS_MAX } from '@turnpike/core/limits'
import { expandTarget, locationOf } from './target.ts'
import { REDIRECT_STATUSES } from './rule.ts'
import { matchRedirects } from './match.ts'
import { parseRedirects } from './parse.ts'

const numRuns = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 300)
const utf8 = new TextEncoder()

/** A rule as its author thinks of it. */
interface Written {
  readonly names: readonly string[]
  readonly star: string | undefined
  readonly to: string
  readonly status: number | undefined
}

/** Few letters, so that paths and rules meet; and what a regular expression would trip over. */
const literal = fc.string({
  unit: fc.constantFrom('a', 'b', '.', '+', 'ę', '('),
  minLength: 1,
  maxLength: 3,
})
const name = fc.oneof(literal, fc.constantFrom(':x', ':y', ':z'))
const names = fc
  .array(name, { maxLength: 4 })
  .filter(
    (all) =>
      new Set(all.filter((one) => one[0] === ':')).size ===
      all.filter((one) => one[0] === ':').length,
  )
const written: fc.Arbitrary<Written> = fc.record({
  names,
  star: fc.option(fc.constantFrom('', 'a', 'b.'), { nil: undefined }),
  to: fc.constantFrom(
    '/t',
    '/t/:x',
    '/:splat',
    '/:y-:x?q=:z#:x',
    'https://h/:x',
    'ipfs://h:1/:z/:splat',
  ),
  status: fc.option(fc.constantFrom(...REDIRECT_STATUSES), { nil: undefined }),
})
const file = fc.record({
  rules: fc.array(written, { maxLength: 8 }),
  gap: fc.constantFrom(' ', '\t', '  \t '),
  end: fc.constantFrom('\n', '\r\n', '\n# between\n\r\n'),
})
const path = fc.array(literal, { minLength: 1, maxLength: 6 })

function fromOf({ names: all, star }: Written): string {
  return `/${[...all, ...(star === undefined ? [] : [`${star}*`])].join('/')}`
}

function print({
  rules,
  gap,
  end,
}: {
  rules: readonly Written[]
  gap: string
  end: string
}): string {
  return rules
    .map((rule) =>
      [fromOf(rule), rule.to, ...(rule.status === undefined ? [] : [rule.status])].join(gap),
    )
    .map((line) => `${line}${end}`)
    .join('')
}

function literally(text: string): string {
  return text.replaceAll(/[.+(]/g, '\\$&')
}

/** The same rule as a regular expression: names for values, anchored at both ends. */
function modelOf({ names: all, star }: Written): RegExp {
  const parts = all.map((one) =>
    one[0] === ':' ? `/(?<${one.slice(1)}>[^/]+)` : `/${literally(one)}`,
  )
  // The rest must have a name, if only one that the star's start makes up.
  const rest = star === undefined ? '' : `/(?=[^/])${literally(star)}(?<splat>.*)`
  return new RegExp(`^${parts.join('')}${rest}$`, 'su')
}

test('what is printed is what is parsed', () => {
  const check = fc.property(file, (one) => {
    const rules = parseRedirects(utf8.encode(print(one))).ok!
    assert.deepEqual(
      rules.map(({ from, splatPrefix, status }) => ({ from, splatPrefix, status })),
      one.rules.map(({ names: all, star, status }) => ({
        from: all.map((text) => (text[0] === ':' ? { placeholder: text.slice(1) } : text)),
        splatPrefix: star,
        status: status ?? 301,
      })),
    )
  })
  fc.assert(check, { numRuns })
})

test('the rule and its values are those that a regular expression finds', () => {
  let met = 0
  const check = fc.property(file, path, (one, asked) => {
    const rules = parseRedirects(utf8.encode(print(one))).ok!
    const got = matchRedirects(rules, asked, new URLSearchParams())
    const text = `/${asked.join('/')}`
    const index = one.rules.findIndex((rule) => modelOf(rule).test(text))
    assert.equal(got === undefined ? -1 : rules.indexOf(got.rule), index)
    if (got === undefined) return
    met++
    const { groups = {} } = modelOf(one.rules[index]!).exec(text)!
    const values = Object.fromEntries([...got.captures].map(([key, all]) => [key, all.join('/')]))
    // A splat's first slash stands between what the star's start took and the rest.
    const wanted = {
      ...groups,
      ...('splat' in groups && { splat: groups['splat']!.replace(/^\//, '') }),
    }
    assert.deepEqual(values, wanted)
  })
  fc.assert(check, { numRuns })
  assert.ok(met > numRuns / 20, `expected rules to be met, got ${met} of ${numRuns}`)
})

test('whatever the bytes: rules or a named error, and a Location that a header can carry', () => {
  const line = fc.string({
    unit: fc.constantFrom(
      '/',
      ':',
      '*',
      '?',
      '#',
      '=',
      ' ',
      'a',
      'splat',
      '\\',
      '\r',
      '%',
      '%2e',
      'ę',
      '301',
      '//',
      '\n',
    ),
    maxLength: 60,
  })
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    line.map((text) => utf8.encode(text)),
  )
  const query = fc.webQueryParameters()
  const check = fc.property(
    bytes,
    fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
    query,
    (one, asked, text) => {
      const { ok: rules, error } = parseRedirects(one)
      if (rules === undefined) {
        assert.match(error.message, /^could not parse _redirects: /)
        return
      }
      const match = matchRedirects(rules, asked, new URLSearchParams(text))
      if (match === undefined) return
      const expanded = expandTarget(match.rule.to, match.captures)
      if (expanded.error) return
      const location = locationOf(expanded.ok, `?${text}`)
      assert.match(location, /^[!-~]+$/)
      const to = new URL(location, 'http://site.example')
      const host = match.rule.to.origin === '' ? 'site.example' : new URL(match.rule.to.origin).host
      assert.equal(to.host, host)
    },
  )
  fc.assert(check, { numRuns })
})

test('the worst files take no longer than others', () => {
  const fill = (unit: string): string =>
    unit.repeat(Math.floor(REDIRECTS_FILE_BYTES_MAX / unit.length))
  const worst = [
    fill('/ /\n'),
    fill('/a/* /\n'),
    `/* /${fill(':splat').slice(0, -9)}`,
    `/:a /${fill(':').slice(0, -9)}`,
    `/:a /${fill('-').slice(0, -9)}`,
    `/:a /${fill(':a-').slice(0, -9)}`,
    `${fill('/a').slice(0, 256)} ${fill('/:a/').slice(0, -500)}`,
    `/a ${fill('a=:a ').slice(0, -9)} /b`,
    fill('%'),
    fill('/%41 /\n'),
  ]
  const asked = ['a'.repeat(URL_CHARS_MAX)]
  const params = new URLSearchParams('a=1')
  for (const text of worst) {
    const startedMs = performance.now()
    const rules = parseRedirects(utf8.encode(text)).ok ?? []
    const match = matchRedirects(rules, asked, params)
    if (match !== undefined) expandTarget(match.rule.to, match.captures)
    // A thousandth of this is usual; what is quadratic in 64 KiB takes seconds.
    const tookMs = performance.now() - startedMs
    assert.ok(tookMs < 1000, `${text.slice(0, 20)}… took ${tookMs} ms`)
  }
})
