/** What is deployed is what the source gives. @module */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toEventSelector, toFunctionSelector } from 'viem'
import type { AbiEvent, AbiFunction } from 'viem'
import { compileContract } from '../../../../../scripts/compile-contract.ts'
import { ANCHOR_ABI } from './abi.ts'
import artifact from './contract.json' with { type: 'json' }

type Item = (typeof ANCHOR_ABI)[number]

/** What the EVM tells apart by: selectors, and the kinds of what comes back. */
function shapeOf(item: Item | AbiEvent | AbiFunction): string {
  if (item.type === 'event') return toEventSelector(item)
  // An error's selector is made like a function's.
  const selector = toFunctionSelector({ ...item, type: 'function' } as AbiFunction)
  return item.type === 'function' ? `${selector} ${kinds(item.outputs)}` : selector
}

function kinds(outputs: AbiFunction['outputs']): string {
  const kindOf = (one: AbiFunction['outputs'][number]): string =>
    'components' in one ? `${one.type}(${kinds(one.components)})` : one.type
  return outputs.map(kindOf).join()
}

test('the contract compiles without a warning to what is committed', () => {
  const compiled = compileContract()
  assert.equal(compiled.compiler, artifact.compiler)
  assert.equal(compiled.bytecode, artifact.bytecode)
  const shapes = new Set((compiled.abi as AbiFunction[]).map(shapeOf))
  for (const item of ANCHOR_ABI) assert.ok(shapes.has(shapeOf(item)), item.name)
  const event = ANCHOR_ABI.find((item) => item.type === 'event')!
  const other = { ...event, inputs: event.inputs.slice(1) } as AbiEvent
  assert.ok(!shapes.has(shapeOf(other)), 'another shape is told apart')
})
