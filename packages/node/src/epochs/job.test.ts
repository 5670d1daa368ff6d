import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AnchorUnavailable } from '@turnpike/core/ports/anchor'
import { leadOn } from './job.ts'

const away = [{ anchor: 'evm', fault: new AnchorUnavailable('no answer') }]

test('while an anchor is away, all that needs none goes on to its end', async () => {
  const { signal } = new AbortController()
  const steps = [true, true, false].map((more) => ({ more, unavailable: away }))
  await assert.rejects(
    leadOn(async () => steps.shift()!, signal),
    { message: 'no answer' },
  )
  assert.equal(steps.length, 0)
  steps.push({ more: true, unavailable: away }, { more: false, unavailable: [] })
  await leadOn(async () => steps.shift()!, signal)
})

test('no step is taken after the end', async () => {
  const stopping = new AbortController()
  let taken = 0
  await leadOn(async () => {
    taken++
    stopping.abort()
    return { more: true, unavailable: [] }
  }, stopping.signal)
  assert.equal(taken, 1)
})
