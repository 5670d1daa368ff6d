import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RANGES_MAX } from '@turnpike/core/limits'
import type { ByteRange } from '@turnpike/core/range'
import { hasher } from '../testing/world.ts'
import { type Content, bytesBody, bytesContent } from './content.ts'
import { boundaryOf, multipartBody } from './multipart.ts'
import { parseRange } from './range-header.ts'
import { type Representation, serveContent } from './serve.ts'

const SIZE = 31

test('ranges of bytes are read as RFC 9110 says', () => {
  const cases: readonly (readonly [header: string, ...(readonly [number, number])[]])[] = [
    ['bytes=0-0', [0, 0]],
    ['bytes=6-16', [6, 16]],
    ['bytes=5-', [5, 30]],
    ['bytes=-3', [28, 30]],
    ['bytes=-99', [0, 30]],
    ['bytes=30-99', [30, 30]],
    [' BYTES=1-2 ', [1, 2]],
    ['bytes=0-99999999999999999999999', [0, 30]],
    ['bytes=-99999999999999999999999', [0, 30]],
    ['bytes=6-16,0-4', [6, 16], [0, 4]],
    ['bytes=0-1 ,\t4-5,, -2', [0, 1], [4, 5], [29, 30]],
    ['bytes=0-1,99-,-0', [0, 1]],
    ['bytes=4-5,0-2,2-3', [4, 5], [0, 3]],
    ['bytes=0-2,3-5', [0, 2], [3, 5]],
    ['bytes=20-22,0-1,10-,3-4', [10, 30], [0, 1], [3, 4]],
  ]
  for (const [header, ...ranges] of cases) {
    const expected = ranges.map(([first, last]) => ({ first, last }))
    assert.deepEqual(parseRange(header, SIZE), { kind: 'parts', ranges: expected }, header)
  }
  for (const header of ['bytes=31-', 'bytes=-0', 'bytes=99-100', 'bytes=31-,-0,40-41'])
    assert.equal(parseRange(header, SIZE).kind, 'unsatisfiable', header)
  const ignored = ['', 'bytes=', 'bytes=,', 'bytes=-', 'bytes=2-1', 'items=0-1', 'bytes 0-1']
  ignored.push('bytes=0-1,x', 'bytes=99-,2-1', 'bytes=0-1;2-3', 'bytes=0-30,0-0', 'bytes=+1-2')
  for (const header of ignored) assert.equal(parseRange(header, SIZE).kind, 'whole', header)
  assert.equal(parseRange(null, SIZE).kind, 'whole')
  assert.equal(parseRange('bytes=0-1', 0).kind, 'whole')
})

test('so many ranges are answered, and with one more the whole is sent', () => {
  const of = (count: number): string =>
    `bytes=${Array.from({ length: count }, (_, i) => `${2 * i}-${2 * i}`).join()}`
  const verdict = parseRange(of(RANGES_MAX), 1000)
  assert.equal(verdict.kind === 'parts' && verdict.ranges.length, RANGES_MAX)
  assert.equal(parseRange(of(RANGES_MAX + 1), 1000).kind, 'whole')
  assert.equal(parseRange(`bytes=0-1${','.repeat(2 * RANGES_MAX - 1)}`, 1000).kind, 'parts')
  assert.equal(parseRange(`bytes=0-1${','.repeat(2 * RANGES_MAX)}`, 1000).kind, 'whole')
})

/** One range-spec of RFC 9110, section 14.1.2: what it asks for of `sizeBytes` bytes, as a set. */
type Spec =
  | { readonly kind: 'int'; readonly first: number; readonly last: number | undefined }
  | { readonly kind: 'suffix'; readonly length: number }

function textOf(spec: Spec): string {
  return spec.kind === 'int' ? `${spec.first}-${spec.last ?? ''}` : `-${spec.length}`
}

function bytesAsked(specs: readonly Spec[], sizeBytes: number): Set<number>[] {
  return specs.map((spec) => {
    const positions = Array.from({ length: sizeBytes }, (_, i) => i)
    const wanted = (i: number): boolean =>
      spec.kind === 'int'
        ? i >= spec.first && (spec.last === undefined || i <= spec.last)
        : i >= sizeBytes - spec.length
    return new Set(positions.filter(wanted))
  })
}

const position = fc.integer({ min: 0, max: 45 })
const aSpec: fc.Arbitrary<Spec> = fc.oneof(
  fc.tuple(position, fc.option(position, { nil: undefined })).map(([a, b]): Spec => {
    const [first, last] = b === undefined || a <= b ? [a, b] : [b, a]
    return { kind: 'int', first, last }
  }),
  position.map((length): Spec => ({ kind: 'suffix', length })),
)

interface Part {
  readonly range: ByteRange
  readonly type: string
  readonly bytes: Uint8Array
}

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

/** Reads a multipart body as a client does: by its boundary alone. */
function partsOf(body: Uint8Array, boundary: string, sizeBytes: number): Part[] {
  const text = latin1(body)
  const sections = `\r\n${text}`.split(`\r\n--${boundary}`)
  assert.equal(sections.shift(), '')
  assert.equal(sections.pop(), '--\r\n')
  return sections.map((section) => {
    const match = /^\r\nContent-Type: (.+)\r\nContent-Range: bytes (\d+)-(\d+)\/(\d+)\r\n\r\n/.exec(
      section,
    )
    assert.ok(match, section)
    assert.equal(Number(match[4]), sizeBytes)
    return {
      type: match[1]!,
      range: { first: Number(match[2]), last: Number(match[3]) },
      bytes: Buffer.from(section.slice(match[0].length), 'latin1'),
    }
  })
}

async function answer(content: Content, header: string): Promise<Representation> {
  const served = await serveContent(content, {
    request: {
      method: 'GET',
      url: '',
      headers: { get: (name) => (name === 'range' ? header : null) },
      signal: new AbortController().signal,
    },
    hasher,
    caching: [],
    mutable: false,
  })
  if (served.error) throw served.error
  return served.ok
}

async function bodyOf({ body }: Pick<Representation, 'body'>): Promise<Buffer> {
  const reader = body.open(new AbortController().signal)
  const chunks: Uint8Array[] = []
  for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read())
    chunks.push(chunk.slice())
  reader.close()
  assert.equal(await reader.read(), null)
  return Buffer.concat(chunks)
}

function contentOf(bytes: Uint8Array, streamed: boolean): Content {
  const content = bytesContent(
    {
      status: 200,
      type: 'text/x-test',
      etag: '"bafytest"',
      headers: [],
      lifetime: 'immutable',
      ranged: true,
      billable: true,
    },
    bytes,
  )
  return streamed
    ? { ...content, inMemory: false, body: (range) => slowly(content, range) }
    : content
}

/** The same body, byte by byte and in promises. */
function slowly(content: Content, range: ByteRange | undefined): ReturnType<Content['body']> {
  const { length, open } = content.body(range)
  return {
    length,
    open(signal) {
      let bytes = open(signal).read() as Uint8Array | null
      const read = async (): Promise<Uint8Array | null> => {
        const chunk = bytes?.subarray(0, 1) ?? null
        bytes = bytes === null || bytes.length <= 1 ? null : bytes.subarray(1)
        return chunk
      }
      return { read, close: () => void (bytes = null) }
    },
  }
}

test('whatever ranges are asked for, the parts are those bytes and say so', async () => {
  const cases = fc.tuple(
    fc.array(aSpec, { minLength: 1, maxLength: 6 }),
    fc.uint8Array({ minLength: 1, maxLength: 40 }),
    fc.boolean(),
  )
  await fc.assert(
    fc.asyncProperty(cases, async ([specs, bytes, streamed]) => {
      const header = `bytes=${specs.map(textOf).join(',')}`
      const asked = bytesAsked(specs, bytes.length)
      const wanted = new Set(asked.flatMap((set) => [...set]))
      const sum = asked.reduce((total, set) => total + set.size, 0)
      if (wanted.size === 0)
        return assert.rejects(answer(contentOf(bytes, streamed), header), /Range/)
      const got = await answer(contentOf(bytes, streamed), header)
      const headers = new Map(got.headers)
      const body = await bodyOf(got)
      assert.equal(headers.get('Content-Length'), String(body.length))
      assert.equal(got.body.length, body.length)
      if (sum > bytes.length) {
        assert.equal(got.status, 200)
        return assert.equal(latin1(body), latin1(bytes))
      }
      assert.equal(got.status, 206)
      const parts = partsIn(headers, body, bytes.length)
      const sent = parts.flatMap(({ range: { first, last } }) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      )
      assert.equal(new Set(sent).size, sent.length, 'no byte twice')
      assert.deepEqual(new Set(sent), wanted)
      for (const { range, type, bytes: part } of parts) {
        assert.equal(type, 'text/x-test')
        assert.equal(latin1(part), latin1(bytes.subarray(range.first, range.last + 1)))
        const others = parts.filter((other) => other.range !== range)
        assert.ok(others.every((o) => o.range.last < range.first || range.last < o.range.first))
      }
      checkOrder(parts, asked)
    }),
    { numRuns: 500 },
  )
})

/** Parts come in the order in which the first byte of each was first asked for. */
function checkOrder(parts: readonly Part[], asked: readonly Set<number>[]): void {
  const places = parts.map(({ range }) =>
    asked.findIndex((set) => [...set].some((i) => i >= range.first && i <= range.last)),
  )
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  )
}

function partsIn(headers: ReadonlyMap<string, string>, body: Buffer, sizeBytes: number): Part[] {
  const type = headers.get('Content-Type')!
  const single = headers.get('Content-Range')
  const boundary = /^multipart\/byteranges; boundary=([0-9a-f]{32})$/.exec(type)?.[1]
  if (boundary !== undefined) {
    assert.equal(single, undefined)
    const parts = partsOf(body, boundary, sizeBytes)
    assert.ok(parts.length > 1)
    return parts
  }
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(single!)!
  assert.equal(Number(match[3]), sizeBytes)
  return [{ range: { first: Number(match[1]), last: Number(match[2]) }, type, bytes: body }]
}

test('a wrong part is found by the reading that the property stands on', () => {
  const boundary = 'b'.repeat(32)
  const ranges = [
    { first: 0, last: 1 },
    { first: 4, last: 5 },
  ]
  const right = multipartBody({
    ranges,
    sizeBytes: 6,
    type: 'a/b',
    boundary,
    body: ({ first, last }) => bytesBody(Buffer.from('012345').subarray(first, last + 1)),
  })
  const text = Buffer.from(
    `--${boundary}\r\nContent-Type: a/b\r\nContent-Range: bytes 0-1/6\r\n\r\n01` +
      `\r\n--${boundary}\r\nContent-Type: a/b\r\nContent-Range: bytes 4-5/6\r\n\r\n45` +
      `\r\n--${boundary}--\r\n`,
  )
  assert.equal(right.length, text.length)
  return bodyOf({ body: right }).then((body) => {
    assert.equal(latin1(body), latin1(text))
    assert.deepEqual(
      partsOf(body, boundary, 6).map((part) => latin1(part.bytes)),
      ['01', '45'],
    )
    assert.throws(() => partsOf(body, boundary, 7))
    assert.throws(() => partsOf(body, 'c'.repeat(32), 6))
    assert.throws(() => partsOf(body.subarray(0, -4), boundary, 6))
  })
})

test('a boundary is the same for the same content, and another for other content', () => {
  assert.equal(boundaryOf('"a"', hasher), boundaryOf('"a"', hasher))
  assert.notEqual(boundaryOf('"a"', hasher), boundaryOf('"b"', hasher))
  assert.match(boundaryOf('"a"', hasher), /^[0-9a-f]{32}$/)
})

test('what was read ahead for a first part is given back when nobody opens the body', async () => {
  let open = 0
  const content: Content = {
    ...contentOf(new Uint8Array(SIZE), true),
    body: () => {
      const read = async (): Promise<Uint8Array | null> => Uint8Array.of(0)
      return { length: 1, open: () => (open++, { read, close: () => void (open = 0) }) }
    },
  }
  const got = await answer(content, 'bytes=0-0,5-5')
  assert.equal(open, 1)
  got.body.open(AbortSignal.abort()).close()
  assert.equal(open, 0)
})
