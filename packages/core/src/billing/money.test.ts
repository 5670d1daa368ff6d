import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { addMoney, formatMicros, formatMoney, isCurrency, parseMicros } from './money.ts'

test('amounts are read and written without a loss', () => {
  const micros = fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n })
  fc.assert(
    fc.property(micros, (amount) => {
      assert.equal(parseMicros(formatMicros(amount)), amount)
    }),
  )
  assert.equal(formatMicros(0n), '0.00')
  assert.equal(formatMicros(-1n), '-0.000001')
  assert.equal(formatMicros(1_500_000n), '1.50')
  assert.equal(formatMoney({ micros: 123_456n, currency: 'EUR' }), '0.123456 EUR')
})

test('what is no amount is refused', () => {
  const refused = ['', '.5', '5.', '1,5', '1e3', '+1', ' 1', '1 ', '0.0000001', '1234567890123']
  for (const text of refused) assert.equal(parseMicros(text), undefined, text)
})

test('currencies are three capital letters, and are never mixed', () => {
  assert.deepEqual(['EUR', 'eur', 'EURO', ''].map(isCurrency), [true, false, false, false])
  const euro = { micros: 5n, currency: 'EUR' }
  assert.deepEqual(addMoney(euro, euro), { micros: 10n, currency: 'EUR' })
  assert.throws(() => addMoney(euro, { micros: 5n, currency: 'USD' }), { name: 'CurrencyMismatch' })
})
