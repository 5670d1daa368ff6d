import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { LEDGER_UNITS, unitFirstEpoch, unitOf } from '@turnpike/core/billing/unit'
import type { LedgerUnit } from '@turnpike/core/ports/ledger'
import { piecesOf } from './pieces.ts'
import type { Piece } from './pieces.ts'

const HOURS_MAX = 50 * 366 * 24

function epochsOf({ unit, first, last }: Piece): readonly [first: number, end: number] {
  return [unitFirstEpoch(unit, first), unitFirstEpoch(unit, last + 1)]
}

test('pieces follow each other from the first hour to the end, at most five', () => {
  const epoch = fc.nat(HOURS_MAX)
  fc.assert(
    fc.property(epoch, fc.nat(20_000), fc.constantFrom(...LEDGER_UNITS), (first, hours, unit) => {
      const pieces = piecesOf(first, first + hours, unit)
      assert.ok(pieces.length <= 5, `at most 5, got ${pieces.length}`)
      let next = first
      for (const piece of pieces) {
        const [start, end] = epochsOf(piece)
        assert.equal(start, next)
        assert.ok(end > start)
        next = end
      }
      assert.equal(next, first + hours)
    }),
    { numRuns: 1000 },
  )
})

test('what lies beside a coarser unit lies in one of it, and is never coarser than asked', () => {
  const coarser = { hour: 'day', day: 'month', month: undefined } as const
  fc.assert(
    fc.property(fc.nat(HOURS_MAX), fc.nat(20_000), (first, hours) => {
      for (const unit of LEDGER_UNITS)
        for (const piece of piecesOf(first, first + hours, unit)) {
          assert.ok(LEDGER_UNITS.indexOf(piece.unit) <= LEDGER_UNITS.indexOf(unit))
          const next: LedgerUnit | undefined = coarser[piece.unit]
          if (next === undefined || piece.unit === unit) continue
          const [start, end] = epochsOf(piece)
          assert.equal(unitOf(next, start), unitOf(next, end - 1))
        }
    }),
  )
})

test('a month is one piece, and an empty stretch is none', () => {
  const first = Date.UTC(2026, 10) / 3_600_000
  const end = Date.UTC(2026, 11) / 3_600_000
  assert.deepEqual(piecesOf(first, end, 'month'), [{ unit: 'month', first: 682, last: 682 }])
  assert.deepEqual(piecesOf(first, first, 'month'), [])
  assert.deepEqual(piecesOf(end, first, 'day'), [])
})
