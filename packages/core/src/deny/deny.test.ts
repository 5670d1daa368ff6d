import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { base16 } from 'multiformats/bases/base16'
import { base32, base32upper } from 'multiformats/bases/base32'
import { base36 } from 'multiformats/bases/base36'
import { base58btc } from 'multiformats/bases/base58'
import { base64url } from 'multiformats/bases/base64'
import {
  DENY_ANSWERS_KEPT_MAX,
  DENY_HASHES_MAX,
  DENY_HEADER_CHARS_MAX,
  DENY_JSON_CHARS_MAX,
  DENY_LINE_CHARS_MAX,
  DENY_PATHS_MAX,
  DENY_RULES_MAX,
  DENY_SUBJECT_PATHS_MAX,
} from '../limits/deny.ts'
import { DAG_CBOR, DAG_PB, type Link, linkFromString, linkToCid, RAW } from '../link.ts'
import { encodeMultihash, SHA2_256, SHA2_512 } from '../multihash.ts'
import type { Hasher } from '../ports/runtime.ts'
import { Denylists } from './denylist.ts'
import { DenylistParser, type ParsedDenylist } from './parse.ts'
import { DenyTableBuilder } from './table-builder.ts'
import { DenyTable } from './table.ts'
import { parseDenyRule } from './rule.ts'

const RUNS = Number(process.env['TURNPIKE_FUZZ_RUNS'] ?? 300)

const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer')
const hasher: Hasher = {
  sha256,
  digest: (code, bytes) => {
    if (code === SHA2_256) return sha256(bytes)
    return code === SHA2_512 ? hash('sha512', bytes, 'buffer') : undefined
  },
}

function parse(text: string, cut: number = text.length): ParsedDenylist {
  const parser = new DenylistParser(hasher)
  for (let at = 0; at < text.length; at += cut) parser.push(text.slice(at, at + cut))
  const parsed = parser.end()
  if (parsed.error) throw parsed.error
  return parsed.ok
}

function listOf(...texts: string[]): Denylists {
  const lists = new Denylists(hasher)
  lists.replace(texts.map((text, i) => ({ name: `list ${i}`, table: parse(text).table })))
  return lists
}

/** What a path of the form `/ipfs/CID/a` or `/ipns/NAME/a` comes to: a status, `ok`, or nothing. */
function ask(list: Denylists, path: string): number | 'allowed' | undefined {
  const [, scheme, root = '', ...segments] = path.split('/')
  const said =
    scheme === 'ipns' ? list.name(root, segments) : list.content(linkFromString(root)!, segments)
  if (said === undefined || said === 'allowed') return said
  return said.kind === 'legal' ? 451 : 410
}

/** The rules that implementations are tried with: github.com/ipfs-shipyard/nopfs, tester. */
const SAMPLE = `version: 1
name: "Testing denylist"
hints:
  unknown: value
---
# by CID, whatever its codec
/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq
/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/*
/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/test*
/ipfs/QmTuvSQbEDR3sarFAN9kAeXBpiBCyYYNxdxciazBba11eC/test/*

/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked*
!/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blockednot
!/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked/not
+/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK/blocked/exceptions*
/ipns/domain.example
/ipns/domain2.example/path
/ipns/k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf
//d9d295bde21f422d471a90f2a37ec53049fdf3e5fa3ee2e8f20e10003da429e7
//3f8b9febd851873b3774b937cce126910699ceac56e72e64b866f8e258d09572
//QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM
//QmbK7LDv5NNBvYQzNfm2eED17SNLt1yNMapcUhSuNLgkqz
`

test('the rules that implementations are tried with', () => {
  const list = listOf(SAMPLE)
  const five = '/ipfs/QmUboz9UsQBDeS6Tug1U8jgoFkgYxyYood9NDyVURAY9pK'
  const hashed = 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'
  const denied = [
    '/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq',
    '/ipfs/bafkreihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq',
    '/ipfs/QmesfgDQ3q6prBy2Kg2gKbW4MAGuWiRP2DVuGA5MZSERLo',
    '/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8',
    '/ipfs/QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8/a/b',
    '/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/test',
    '/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/testing/x',
    '/ipfs/QmTuvSQbEDR3sarFAN9kAeXBpiBCyYYNxdxciazBba11eC/test/1',
    `${five}/blocked`,
    `${five}/blocked/too`,
    '/ipns/domain.example',
    '/ipns/DOMAIN.example.',
    '/ipns/domain.example/below',
    '/ipns/domain2.example/path',
    '/ipns/k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf',
    '/ipns/bafzaajaiaejcaotjfs57kieazxny5japcmy5p2pgv2cic77tu6ogghttvurnrufx',
    '/ipns/12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA',
    `/ipfs/${hashed}`,
    `/ipfs/${hashed}/path`,
    '/ipfs/bafybeidjwik6im54nrpfg7osdvmx7zojl5oaxqel5cmsz46iuelwf5acja',
    '/ipfs/QmVTF1yEejXd9iMgoRTFDxBv7HAz9kuZcQNBzHrceuK9HR',
    '/ipfs/bafyb4ieqht3b2rssdmc7sjv2cy2gfdilxkfh7623nvndziyqnawkmo266a/path',
    '/ipfs/f01701e20903cf61d46521b05f926ba1634628d0bba8a7ffb5b6d5a3ca310682ca63b5ef0/path',
  ]
  for (const path of denied) assert.equal(ask(list, path), 410, path)
  const exceptions = ['blockednot', 'blocked/not', 'blocked/exceptions', 'blocked/exceptions2']
  for (const name of exceptions) assert.equal(ask(list, `${five}/${name}`), 'allowed', name)
  const free = [
    '/ipfs/bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq/sub',
    '/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2',
    '/ipfs/Qmah2YDTfrox4watLCr3YgKyBwvjq8FJZEFdWY6WtJ3Xt2/tes',
    `${five}/other`,
    '/ipns/domain.example.org',
    '/ipns/domain2.example',
    '/ipns/domain2.example/path2',
    `/ipfs/${hashed}/path2`,
    // Badbits' first form names one CID, not its multihash.
    '/ipfs/bafkreiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e',
    '/ipfs/bafyb4ieqht3b2rssdmc7sjv2cy2gfdilxkfh7623nvndziyqnawkmo266a/path2',
    '/ipns/not a name',
  ]
  for (const path of free) assert.equal(ask(list, path), undefined, path)
})

const digests = fc.uint8Array({ minLength: 32, maxLength: 32 })
const links: fc.Arbitrary<Link> = fc.oneof(
  fc.record({
    version: fc.constant(1 as const),
    codec: fc.constantFrom(RAW, DAG_PB, DAG_CBOR),
    multihash: fc.oneof(
      digests.map((digest) => encodeMultihash(SHA2_256, digest)),
      fc.uint8Array({ minLength: 64, maxLength: 64 }).map((d) => encodeMultihash(SHA2_512, d)),
      fc.uint8Array({ maxLength: 40 }).map((d) => encodeMultihash(0, d)),
    ),
  }),
  digests.map((digest) => ({
    version: 0 as const,
    codec: DAG_PB,
    multihash: encodeMultihash(SHA2_256, digest),
  })),
)

/** All ways to write a block's CID: every base, both versions, several codecs. */
function spellings({ multihash }: Link): string[] {
  const texts: string[] = []
  for (const codec of [RAW, DAG_PB, DAG_CBOR]) {
    const cid = linkToCid({ version: 1, codec, multihash })
    const bases = [base16, base32, base32upper, base36, base58btc, base64url]
    texts.push(...bases.map(({ encoder }) => cid.toString(encoder)))
  }
  if (multihash[0] === SHA2_256) texts.push(base58btc.baseEncode(multihash))
  return texts
}

test('a denied block is denied in every base, version and codec, and by its hash', () => {
  fc.assert(
    fc.property(links, links, fc.boolean(), (link, other, isHashed) => {
      const texts = spellings(link)
      const modern = base58btc.baseEncode(
        encodeMultihash(SHA2_256, sha256(Buffer.from(base58btc.baseEncode(link.multihash)))),
      )
      for (const text of isHashed ? ['x'] : texts) {
        const list = listOf(isHashed ? `//${modern}\n` : `/ipfs/${text}\n`)
        for (const codec of [RAW, DAG_PB, DAG_CBOR])
          assert.ok(list.content({ version: 1, codec, multihash: link.multihash }, []), text)
        if (Buffer.compare(other.multihash, link.multihash) !== 0)
          assert.equal(list.content(other, []), undefined)
      }
    }),
    { numRuns: Math.min(RUNS, 2000) },
  )
})

/** A rule for the model: what it is about as plain text. */
interface ModelRule {
  readonly root: number
  readonly path: string
  readonly star: '' | '*' | '/*'
  readonly sign: '' | '!'
  readonly status: '' | ' gateway_status=451' | ' gateway_status:410'
}

const names = fc.constantFrom('a', 'b', 'ab', 'a b', '*', 'ü', '')
const modelRules: fc.Arbitrary<ModelRule> = fc.record({
  root: fc.nat({ max: 3 }),
  path: fc.array(names, { maxLength: 3 }).map((parts) => parts.filter((p) => p !== '').join('/')),
  star: fc.constantFrom('', '*', '/*'),
  sign: fc.constantFrom('', '!'),
  status: fc.constantFrom('', ' gateway_status=451', ' gateway_status:410'),
})

const ROOTS = ['a', 'b', 'c', 'd'].map((text) =>
  linkToCid({
    version: 1,
    codec: RAW,
    multihash: encodeMultihash(SHA2_256, sha256(Buffer.from(text))),
  }).toString(),
)

function lineOf({ root, path, star, sign, status }: ModelRule): string {
  const escaped = path.split('/').map((name) => encodeURIComponent(name).replace('*', '%2A'))
  const below = path === '' ? '' : `/${escaped.join('/')}`
  // A star right behind a CID is no rule.
  const end = path === '' && star === '*' ? '/*' : star
  return `${sign}/ipfs/${ROOTS[root]}${below}${end}${status}`
}

/** The last line that matches says it: one by one, over plain text. */
function model(rules: readonly ModelRule[], root: number, path: string): unknown {
  for (const rule of rules.toReversed()) {
    if (rule.root !== root) continue
    const matches = rule.star === '' ? path === rule.path : path.startsWith(rule.path)
    if (!matches) continue
    if (rule.sign === '!') return 'allowed'
    return rule.status.includes('451') ? 451 : 410
  }
  return undefined
}

test('rules match as a reader of lines one by one would have it', () => {
  const paths = fc.array(
    names.filter((name) => name !== ''),
    { maxLength: 4 },
  )
  fc.assert(
    fc.property(
      fc.array(modelRules, { maxLength: 12 }),
      fc.array(fc.tuple(fc.nat({ max: 3 }), paths), { minLength: 1, maxLength: 10 }),
      (rules, questions) => {
        const list = listOf(rules.map(lineOf).join('\n'))
        for (const [root, segments] of questions) {
          const said = list.content(linkFromString(ROOTS[root]!)!, segments)
          const got = typeof said === 'object' ? (said.kind === 'legal' ? 451 : 410) : said
          assert.equal(got, model(rules, root, segments.join('/')))
        }
      },
    ),
    { numRuns: RUNS },
  )
})

test('a table finds what was put in, among many and among keys that begin alike', () => {
  const builder = new DenyTableBuilder(hasher)
  const digestOf = (i: number): Uint8Array => {
    const digest = i % 3 === 0 ? sha256(Buffer.from(String(i))) : new Uint8Array(32).fill(7)
    new DataView(digest.buffer, digest.byteOffset).setUint32(28, i)
    return digest
  }
  for (let i = 0; i < 5000; i += 2) {
    const subject = { kind: 'content', multihash: encodeMultihash(SHA2_256, digestOf(i)) } as const
    builder.add({ subject, path: '', prefix: false, effect: 'policy' })
  }
  const table = builder.build().ok!
  assert.equal(table.ruleCount, 2500)
  for (let i = 0; i < 5000; i++)
    assert.equal(table.effectOf('content', digestOf(i), '') !== 0, i % 2 === 0, String(i))
  assert.equal(table.countBeyond(new DenyTable(new Uint8Array(table.bytes))), 0)
  assert.equal(table.countBeyond(undefined), 2500)
  assert.throws(() => new DenyTable(table.bytes.subarray(0, 100)), RangeError)
  assert.throws(() => new DenyTable(table.bytes.subarray(0, -1)), RangeError)
})

test('what another table has beyond this one is counted, paths and effects included', () => {
  const [a, b, c] = ROOTS
  const old = parse(`/ipfs/${a}\n/ipfs/${b}/x\n/ipfs/${b}/y*\n`).table
  const next = parse(`/ipfs/${a} gateway_status=451\n/ipfs/${b}/x\n/ipfs/${c}\n`).table
  assert.equal(next.countBeyond(old), 2)
  assert.equal(old.countBeyond(next), 2)
  assert.deepEqual([old.ruleCount, next.ruleCount], [3, 3])
})

test('of several lists the last that says something holds', () => {
  const [a, b] = ROOTS
  const list = listOf(
    `/ipfs/${a}\n/ipfs/${b}\n`,
    `!/ipfs/${a}\n`,
    `/ipfs/${b} gateway_status=451\n`,
  )
  assert.equal(ask(list, `/ipfs/${a}`), 'allowed')
  assert.equal(ask(list, `/ipfs/${b}`), 451)
  const { generation } = list
  list.replace([])
  assert.ok(list.empty && list.generation !== generation)
  assert.equal(ask(list, `/ipfs/${b}`), undefined)
})

test('a denied name leads nowhere but to what is excepted', () => {
  const list = listOf('/ipns/a.example\n!/ipns/a.example/ok*\n/ipns/b.example/x\n')
  assert.equal(ask(list, '/ipns/a.example/x/y'), 410)
  assert.equal(ask(list, '/ipns/a.example/ok/y'), 'allowed')
  assert.equal(ask(list, '/ipns/b.example/x'), 410)
  assert.equal(ask(list, '/ipns/b.example/y'), undefined)
})

test('headers: name, version, hints; and files without one', () => {
  const rule = `/ipfs/${ROOTS[0]}\n`
  const legal = parse(`version: 1\nname: "x: y"\nhints:\n  gateway_status: 451\n---\n${rule}`)
  assert.equal(legal.header.name, 'x: y')
  assert.equal(legal.header.effect, 'legal')
  assert.equal(parse(rule).table.ruleCount, 1)
  assert.equal(parse(rule.trimEnd()).table.ruleCount, 1)
  assert.equal(parse(`\r\n${rule.replace('\n', '\r\n')}`).table.ruleCount, 1)
  assert.throws(() => parse(`version: 2\n---\n${rule}`), /version 1, got 2/)
  assert.throws(() => parse(`${rule}---\n${rule}`), /YAML before/)
})

test('a header that is too long is read as rules', () => {
  const filler = '# x\n'.repeat(DENY_HEADER_CHARS_MAX / 4 + 1)
  const late = parse(`${filler}version: 1\n---\n/ipfs/${ROOTS[0]}\n`)
  assert.deepEqual([late.table.ruleCount, late.refusedLines], [1, 2])
})

test('lines that say nothing are counted, and the first is told', () => {
  const lines = [
    'nonsense',
    '/ipfs/nonsense',
    '/ipfs/',
    '/ipns/one label',
    '//',
    '//abc',
    '//bafkqaaa',
  ]
  const bad = [...lines, `/ipfs/${ROOTS[0]}*`, `/ipfs/${ROOTS[0]}/%ff`, '/ipns/x y']
  const parsed = parse(`# c\n${bad.join('\n')}\n/ipfs/${ROOTS[1]}\n`)
  assert.equal(parsed.refusedLines, bad.length)
  assert.match(parsed.firstRefusal!, /^line 2: rule expected/)
  assert.equal(parsed.table.ruleCount, 1)
})

test('anchors of the first badbits are rules of hashes', () => {
  const cid = 'bafybeiefwqslmf6zyyrxodaxx4vwqircuxpza5ri45ws3y5a62ypxti42e'
  const anchor = Buffer.from(sha256(Buffer.from(`${cid}/`))).toString('hex')
  const text = JSON.stringify([{ anchor }, { anchor: 'x' }, {}, null])
  const list = listOf(text)
  assert.equal(ask(list, `/ipfs/${cid}`), 410)
  assert.equal(parse(text, 3).refusedLines, 3)
  assert.throws(() => parse('[1'), /JSON array/)
  const domain = Buffer.from(sha256(Buffer.from('bad.example/'))).toString('hex')
  assert.equal(ask(listOf(`//${domain}`), '/ipns/bad.example'), 410)
})

test('bounds: lines, rules with a path, paths below one subject, hash functions', () => {
  const long = `/ipfs/${ROOTS[0]}/${'a'.repeat(DENY_LINE_CHARS_MAX)}`
  assert.throws(() => parse(`#\n${long}\n`, 100_000), /line of a denylist expected/)
  const rule = (path: string) => parseDenyRule(`/ipfs/${ROOTS[0]}/${path}`).ok!
  const some = new DenyTableBuilder(hasher)
  for (let i = 0; i < DENY_SUBJECT_PATHS_MAX; i++) some.add(rule(String(i)))
  assert.equal(some.build().ok?.ruleCount, DENY_SUBJECT_PATHS_MAX)
  some.add(rule('one more'))
  assert.equal(some.build().error?.name, 'DenylistTooLarge')
  const many = new DenyTableBuilder(hasher)
  const same = rule('p')
  for (let i = 0; i < DENY_PATHS_MAX; i++) assert.equal(many.add(same).error, undefined)
  assert.equal(many.add(same).error?.name, 'DenylistTooLarge')
  assert.equal(many.add({ ...same, path: '' }).error, undefined)
  const anyHash = new DenyTableBuilder({ ...hasher, digest: (_, bytes) => bytes })
  const hashed = (code: number) => ({ kind: 'hashed', code, digest: new Uint8Array(32) }) as const
  const plain = { path: '', prefix: false, effect: 'policy' } as const
  for (let code = 1; code <= DENY_HASHES_MAX; code++)
    assert.equal(anyHash.add({ subject: hashed(code), ...plain }).error, undefined)
  assert.equal(anyHash.add({ subject: hashed(99), ...plain }).error?.name, 'DenylistTooLarge')
  const known = new DenyTableBuilder(hasher)
  assert.equal(known.add({ subject: hashed(0x1e), ...plain }).error?.name, 'DenyHashUnknown')
})

test('bounds: a list in JSON, and answers that are remembered', () => {
  const parser = new DenylistParser(hasher)
  parser.push('[')
  const spaces = ' '.repeat(1 << 20)
  for (let chars = 1; chars + spaces.length <= DENY_JSON_CHARS_MAX; chars += spaces.length)
    assert.equal(parser.push(spaces).error, undefined)
  assert.equal(parser.push(spaces).error?.name, 'DenylistTooLarge')
  const list = listOf(`//${'0'.repeat(64)}\n/ipfs/${ROOTS[0]}\n`)
  for (let i = 0; i < DENY_ANSWERS_KEPT_MAX + 10; i++) {
    const multihash = encodeMultihash(0, Uint8Array.from([i & 255, i >> 8]))
    assert.equal(list.content({ version: 1, codec: RAW, multihash }, []), undefined)
  }
  for (let i = 0; i < 2; i++) assert.equal(ask(list, `/ipfs/${ROOTS[0]}`), 410)
})

test('bound: rules of one list', () => {
  const builder = new DenyTableBuilder(hasher)
  const rule = parseDenyRule(`/ipfs/${ROOTS[0]}`).ok!
  for (let i = 0; i < DENY_RULES_MAX; i++) builder.add(rule)
  assert.equal(builder.add(rule).error?.name, 'DenylistTooLarge')
  assert.equal(builder.build().ok?.ruleCount, 1)
})

test('any text is read or refused, however it is cut, and asked for nothing throws', () => {
  const pieces = fc.constantFrom(
    '/ipfs/',
    ROOTS[0]!,
    '/ipns/',
    'a.example',
    '//',
    '*',
    '/',
    '!',
    '+',
    '\n',
    '---\n',
    ' ',
    '%',
    '%41',
    '#',
    'version: 1\n',
    'hints:\n',
    '  gateway_status: 451\n',
    'k=v',
    '[',
    '{"anchor":"',
    '"}',
    ']',
    '\uFEFF',
    'a'.repeat(64),
    'QmX9dhRcQcKUw3Ws8485T5a9dtjrSCQaUAHnG4iK9i4ceM',
    '\u0000',
    '\r',
  )
  const texts = fc.array(fc.oneof({ weight: 4, arbitrary: pieces }, fc.string()), { maxLength: 30 })
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 40 }), (parts, cut) => {
      const text = parts.join('')
      const outcome = (size: number): unknown => {
        try {
          const { table, refusedLines, header } = parse(text, size)
          const list = new Denylists(hasher)
          list.replace([{ name: 'x', table }])
          ask(list, `/ipfs/${ROOTS[0]}/a`)
          ask(list, '/ipns/a.example')
          return [Buffer.from(table.bytes).toString('hex'), refusedLines, header]
        } catch (error) {
          return (error as Error).name
        }
      }
      const whole = outcome(Math.max(1, text.length))
      assert.ok(typeof whole !== 'string' || whole.startsWith('Denylist'), String(whole))
      // Whether a list is JSON is told by its first piece.
      if (!/^\uFEFF?\s*\[/.test(text)) assert.deepEqual(outcome(cut), whole)
    }),
    { numRuns: RUNS },
  )
})
