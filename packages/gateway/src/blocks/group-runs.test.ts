import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  READ_GAP_BYTES_MAX,
  READ_LOCAL_BYTES_MAX,
  READ_REMOTE_BYTES_MAX,
} from '@turnpike/core/limits'
import { BlockItem } from './block-item.ts'
import {
  type Place,
  fillSteps,
  groupRuns,
  nextPlace,
  placeName,
  slabPieces,
  spanBytesMax,
} from './group-runs.ts'

const owner = { unwanted() {}, done() {} }
const LOCAL = { url: 'local:', provider: '' }
const REMOTE = { url: 'https://one.example', provider: 'one' }
const blobs = ['x', 'y'].map((key) => ({
  key,
  multihash: undefined,
  size: undefined,
  sites: [LOCAL, REMOTE],
}))

function placed(
  place: Omit<Place, 'slice'>,
  offset: number,
  length: number,
): {
  item: BlockItem
  place: Place
} {
  const slice = { blob: place.blob, offset, length }
  const item = new BlockItem(owner, `${offset}`, new Uint8Array(0), [slice])
  return { item, place: { ...place, slice } }
}

const entry = fc
  .record({
    blob: fc.constantFrom(...blobs),
    site: fc.constantFrom(LOCAL, REMOTE),
    offset: fc.oneof(fc.nat(200_000), fc.nat(80_000_000)),
    length: fc.oneof(fc.nat(300), fc.nat(4_194_304)),
  })
  .map(({ blob, site, offset, length }) => placed({ blob, site }, offset, length))

test('every block is in exactly one run, of its blob and site, within span and gaps', () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 80 }), (entries) => {
      const placeOf = new Map(entries.map(({ item, place }) => [item, place]))
      const seen = new Set<BlockItem>()
      for (const { blob, site, parts } of groupRuns(entries)) {
        const first = parts[0]!
        for (const [i, part] of parts.entries()) {
          const place = placeOf.get(part.item)!
          assert.ok(!seen.has(part.item))
          seen.add(part.item)
          assert.equal(place.blob, blob)
          assert.equal(place.site, site)
          assert.equal(part.offset, place.slice.offset)
          assert.equal(part.end, place.slice.offset + place.slice.length)
          if (i === 0) continue
          const gap = part.offset - parts[i - 1]!.end
          assert.ok(gap >= 0 && gap <= READ_GAP_BYTES_MAX, `gap ${gap}`)
          assert.ok(part.end - first.offset <= spanBytesMax(site))
        }
        checkPieces(parts)
      }
      assert.equal(seen.size, entries.length)
    }),
    { numRuns: 300 },
  )
})

function checkPieces(parts: ReturnType<typeof groupRuns>[number]['parts']): void {
  const pieces = slabPieces(parts, READ_LOCAL_BYTES_MAX)
  assert.deepEqual(pieces.flat(), parts)
  for (const piece of pieces) {
    const bytes = piece.at(-1)!.end - piece[0]!.offset
    assert.ok(piece.length === 1 || bytes <= READ_LOCAL_BYTES_MAX)
    const steps = fillSteps(piece, 1000)
    assert.deepEqual(steps.flat(), piece)
    for (const step of steps.slice(0, -1))
      assert.ok(step.at(-1)!.end - step[0]!.offset >= 1000, 'no step but the last is small')
  }
}

test('blocks join at the largest gap and the largest span, and not one byte beyond', () => {
  for (const [site, spanMax] of [
    [LOCAL, READ_LOCAL_BYTES_MAX],
    [REMOTE, READ_REMOTE_BYTES_MAX],
  ] as const) {
    const at = { blob: blobs[0]!, site }
    const runs = (...spans: [number, number][]): number =>
      groupRuns(spans.map(([offset, length]) => placed(at, offset, length))).length
    assert.equal(runs([0, 10], [10 + READ_GAP_BYTES_MAX, 10]), 1)
    assert.equal(runs([0, 10], [11 + READ_GAP_BYTES_MAX, 10]), 2)
    assert.equal(runs([0, spanMax - 10], [spanMax - 10, 10]), 1)
    assert.equal(runs([0, spanMax - 10], [spanMax - 10, 11]), 2)
    assert.equal(runs([0, 10], [9, 10]), 2, 'overlapping slices are read apart')
    assert.equal(runs([0, 10], [0, 10]), 2)
  }
})

test('a block goes through all its places, best first, each once', () => {
  const slices = blobs.map((blob) => ({ blob, offset: 0, length: 1 }))
  const item = new BlockItem(owner, 'k', new Uint8Array(0), slices)
  const names: string[] = []
  for (let place = nextPlace(item, (s) => s); place; place = nextPlace(item, (s) => s)) {
    names.push(placeName(place))
    item.markTried(names.at(-1)!)
  }
  const urls = [LOCAL.url, REMOTE.url]
  assert.deepEqual(names, [...urls.map((url) => `x ${url}`), ...urls.map((url) => `y ${url}`)])
})
