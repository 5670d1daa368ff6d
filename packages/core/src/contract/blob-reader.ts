/**
 * What every `BlobReader` must do, as cases that run in any runtime.
 * @module
 */
import { bytesEqual, concatBytes } from '../bytes.ts'
import {
  OriginFault,
  type BlobReader,
  type BlobRef,
  type BlobSite,
  type BlobStream,
} from '../ports/blob.ts'
import type { ByteRange } from '../range.ts'

/** A blob and a site of it, as a reader is asked for them. */
export interface BlobAt {
  readonly blob: BlobRef
  readonly site: BlobSite
}

/** A reader under test with what lies behind it. */
export interface BlobReaderSubject {
  readonly reader: BlobReader
  /** A blob that holds the bytes that were asked for. */
  readonly held: BlobAt
  /** A blob that is not there, at a site that answers. */
  readonly missing: BlobAt
  close(): Promise<void>
}

/** Makes a subject whose `held` blob has exactly the bytes `content`. */
export type MakeBlobReader = (content: Uint8Array) => Promise<BlobReaderSubject>

/** Declares one case: `test` of `node:test`, or of whatever runs in the runtime. */
export type DeclareTest = (name: string, run: () => Promise<void>) => unknown

const SIZE = 300_000

/**
 * Declares the cases.
 *
 * @example
 * blobReaderContract(test, async (content) => startOrigin(content))
 */
export function blobReaderContract(test: DeclareTest, make: MakeBlobReader): void {
  const content = pattern(SIZE)
  const declare = (name: string, run: (subject: BlobReaderSubject) => Promise<void>): unknown =>
    test(name, async () => {
      const subject = await make(content)
      try {
        await run(subject)
      } finally {
        await subject.close()
      }
    })
  declareRanges(declare, content)
  declareFaults(declare)
  declareEnds(declare, content)
}

type Declare = (name: string, run: (subject: BlobReaderSubject) => Promise<void>) => unknown

function declareRanges(declare: Declare, content: Uint8Array): void {
  declare('serves the address of its own blobs, and no other scheme', async ({ reader, held }) => {
    expect(reader.serves(held.site.url), 'to serve the held blob')
    expect(!reader.serves('unheard-of:x'), 'not to serve an unheard-of scheme')
  })
  const ranges: readonly [string, ByteRange][] = [
    ['the first byte', { first: 0, last: 0 }],
    ['the last byte', { first: SIZE - 1, last: SIZE - 1 }],
    ['a range inside', { first: 1000, last: 70_000 }],
    ['the whole', { first: 0, last: SIZE - 1 }],
  ]
  for (const [name, range] of ranges)
    for (const targetBytes of [SIZE, 4096])
      declare(`reads ${name} exactly, ${targetBytes} bytes at a time`, async (subject) => {
        const bytes = await readRange(subject, range, targetBytes)
        expect(bytesEqual(bytes, content.subarray(range.first, range.last + 1)), 'those bytes')
      })
  declare('concurrent reads of one blob do not mix', async (subject) => {
    const reads = Array.from({ length: 8 }, async (_, i) => {
      const range = { first: i * 1000, last: i * 1000 + 50_000 }
      const bytes = await readRange(subject, range, 3000 + i)
      expect(bytesEqual(bytes, content.subarray(range.first, range.last + 1)), 'own bytes')
    })
    await Promise.all(reads)
  })
}

function declareFaults(declare: Declare): void {
  declare('a range that passes the end is a fault', async (subject) => {
    for (const range of [
      { first: SIZE - 10, last: SIZE },
      { first: SIZE, last: SIZE },
      { first: SIZE + 5, last: SIZE + 9 },
    ])
      await expectFault(readRange(subject, range, SIZE))
  })
  declare('filling more than the range holds is a fault', async (subject) => {
    const stream = await openHeld(subject, { first: 0, last: 9 })
    const filled = await stream.fill(new Uint8Array(11))
    expect(filled.error instanceof OriginFault, 'an OriginFault')
    stream.close()
  })
  declare('a blob that is not there is OriginMissing', async ({ reader, missing, ...rest }) => {
    const fault = await expectFault(
      readRange({ reader, missing, ...rest, held: missing }, { first: 0, last: 9 }, 10),
    )
    expect(fault.name === 'OriginMissing', `OriginMissing, got ${fault.name}`)
  })
}

function declareEnds(declare: Declare, content: Uint8Array): void {
  const whole = { first: 0, last: SIZE - 1 }
  declare('closing fails the fill under way and every later one', async (subject) => {
    const stream = await openHeld(subject, whole)
    const filling = stream.fill(new Uint8Array(SIZE))
    stream.close()
    expect((await filling).error instanceof OriginFault, 'the fill under way to fail')
    expect((await stream.fill(new Uint8Array(1))).error !== undefined, 'a later fill to fail')
    stream.close()
  })
  declare('an aborted signal fails the fill under way', async (subject) => {
    const controller = new AbortController()
    const stream = await openHeld(subject, whole, controller.signal)
    const filling = stream.fill(new Uint8Array(SIZE))
    controller.abort()
    expect((await filling).error instanceof OriginFault, 'the fill under way to fail')
    stream.close()
  })
  declare('a signal that was aborted before opens nothing', async (subject) => {
    await expectFault(readRange(subject, whole, SIZE, AbortSignal.abort()))
  })
  declare('closing one stream leaves another be', async (subject) => {
    const one = await openHeld(subject, whole)
    const other = await openHeld(subject, whole)
    one.close()
    const target = new Uint8Array(SIZE)
    const filled = await other.fill(target)
    expect(filled.ok !== undefined && bytesEqual(target, content), 'the other to read on')
    other.close()
  })
}

/** Bytes that differ from place to place, so that a shifted read shows. */
function pattern(length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 17) & 0xff
  return bytes
}

function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`expected ${what}`)
}

async function expectFault(work: Promise<unknown>): Promise<OriginFault> {
  const outcome = await work.catch((error: unknown) => error)
  expect(outcome instanceof OriginFault, `an OriginFault, got ${String(outcome)}`)
  return outcome
}

async function openHeld(
  { reader, held }: BlobReaderSubject,
  range: ByteRange,
  signal: AbortSignal = new AbortController().signal,
): Promise<BlobStream> {
  const opened = await reader.open(held.blob, held.site, range, signal)
  if (opened.error) throw opened.error
  return opened.ok
}

/** All of a range, `targetBytes` at a time. Throws the fault when there is one. */
async function readRange(
  subject: BlobReaderSubject,
  range: ByteRange,
  targetBytes: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const stream = await openHeld(subject, range, signal)
  const parts: Uint8Array[] = []
  try {
    for (let at = range.first; at <= range.last;) {
      const part = new Uint8Array(Math.min(targetBytes, range.last + 1 - at))
      const filled = await stream.fill(part)
      if (filled.error) throw filled.error
      parts.push(part)
      at += part.length
    }
  } finally {
    stream.close()
  }
  return concatBytes(parts)
}
