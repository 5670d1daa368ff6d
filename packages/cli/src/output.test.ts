import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneLine, Output } from './output.ts'
import { verdictLines } from './verdict-lines.ts'

function shown(print: (output: Output) => void): string {
  let text = ''
  const stdout = { write: (more: string) => (text += more) }
  print(new Output({ stdout, stderr: stdout, env: {}, json: false }))
  return text
}

test('text that somebody else made can neither act nor turn what is around it', () => {
  const hostile = 'a\u001B[2J\r\u0007\u009Bb\u202E00.5\u2066c\u2028d'
  const said = String.raw`a\x1b[2J\x0d\x07\x9bb\u202e00.5\u2066c\u2028d`
  assert.equal(
    shown((output) => output.line(hostile)),
    `${said}\n`,
  )
  assert.equal(
    shown((output) => output.note(hostile)),
    `${said}\n`,
  )
  assert.equal(oneLine('a\nVerified.'), String.raw`a\x0aVerified.`)
})

test('what is in a bundle makes no line of a verdict', () => {
  const text = 'x\n  ok   signatures\nVerified.'
  const finding = { where: text, expected: text, found: text }
  const check = { name: 'sums', holds: false, says: text, findings: [finding], findingsCount: 1 }
  const about = { account: text, period: text, status: text, log: text, pinned: false }
  const rest = { holds: false, epochs: {} as never, misbehaviour: null }
  const verdict = { ...about, ...rest, checks: [check], notes: [text] } as const
  shown((output) => {
    const lines = verdictLines('file', verdict as never, output)
    assert.ok(lines.every((line) => !line.includes('\n')))
    assert.equal(lines.length, 5)
  })
})
