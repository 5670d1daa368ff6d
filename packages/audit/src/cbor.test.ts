import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BadCbor } from './cbor.ts'
import { decodeEntry } from './entry.ts'

interface Vectors {
  readonly valid: readonly { name: string; kind: string; entry: Fields; hex: string }[]
  readonly invalid: readonly { name: string; hex: string }[]
}

type Fields = Readonly<Record<string, unknown>>

const path = join(import.meta.dirname, '../../../vectors/log/entries.json')
const { valid, invalid } = JSON.parse(readFileSync(path, 'utf8')) as Vectors

/** A value of the vectors as the decoder has it. */
function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  const { hex, integer } = value as { hex?: string; integer?: string }
  return hex === undefined ? BigInt(integer!) : new Uint8Array(Buffer.from(hex, 'hex'))
}

for (const { name, kind, entry, hex } of valid)
  test(`a valid entry is read: ${name}`, () => {
    const { kind: got, ...fields } = decodeEntry(new Uint8Array(Buffer.from(hex, 'hex')))
    assert.equal(got, kind)
    for (const [field, value] of Object.entries(fields))
      assert.deepEqual(value, plain(entry[field]), field)
  })

for (const { name, hex } of invalid)
  test(`an invalid entry is refused: ${name}`, () => {
    assert.throws(() => decodeEntry(new Uint8Array(Buffer.from(hex, 'hex'))), BadCbor)
  })
