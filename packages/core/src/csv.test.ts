import assert from 'node:assert/strict'
import { test } from 'node:test'
import { csvText } from './csv.ts'

test('fields are quoted where they have to be, and only there', () => {
  assert.equal(
    csvText([
      ['a', 'b c'],
      ['1,5', 'say "x"'],
      ['two\nlines', ''],
    ]),
    ['a,b c\r\n', '"1,5","say ""x"""\r\n', '"two\nlines",\r\n'].join(''),
  )
  assert.equal(csvText([]), '')
})

test('no field is a formula; negative numbers are numbers', () => {
  for (const text of ['=1+1', '+1', '-1+2', '@SUM(A1)', '\tx', '\rx', '-', '--1', '-1,5'])
    assert.match(csvText([[text]]), /^"?'/, JSON.stringify(text))
  for (const number of ['-5', '-0.25', '0', '12'])
    assert.equal(csvText([[number]]), `${number}\r\n`)
})
