import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeTimer } from './runtime.ts'

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('a call comes once, not before its time', async () => {
  const startMs = performance.now()
  const came: number[] = []
  nodeTimer.after(20, () => came.push(performance.now() - startMs))
  nodeTimer.after(0, () => came.push(0))
  assert.deepEqual(came, [], 'not at once')
  await pause(60)
  assert.equal(came.length, 2)
  assert.equal(came[0], 0)
  assert.ok(came[1]! >= 19, `${came[1]} ms`)
})

test('a call that is called off does not come, in the same turn or later', async () => {
  const never = (): void => assert.fail('called off')
  nodeTimer.after(5, never)()
  const callOff = nodeTimer.after(20, never)
  await pause(5)
  callOff()
  callOff()
  const late = nodeTimer.after(1, () => {})
  await pause(40)
  late()
})

test('a timer that is called off keeps no process alive', async () => {
  const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  for (let i = 0; i < 100; i++) nodeTimer.after(60_000, () => {})()
  const callOff = nodeTimer.after(60_000, () => {})
  await pause(5)
  callOff()
  const after = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  assert.ok(after <= before, `${after} timers, ${before} before`)
})
