/**
 * Files of random shape: any depth, data beside links, parts that repeat, empty and inlined parts.
 * @module
 */
import { RAW } from '@turnpike/core/link'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import fc from 'fast-check'
import { type Part, fileNode, identityLink, noise, rawBlock } from './blocks.ts'
import { concatBytes } from '@turnpike/core/bytes'

/** A file, all its blocks, and what it holds. */
export interface RandomFile {
  readonly root: UnixfsBlock
  readonly blocks: readonly UnixfsBlock[]
  readonly content: Uint8Array
}

/** Shape of a file. Sizes are multiplied by a unit when it is built. */
type Shape =
  | { readonly kind: 'raw' | 'leaf' | 'inline'; readonly size: number; readonly seed: number }
  | {
      readonly kind: 'node'
      readonly size: number
      readonly seed: number
      readonly parts: readonly Shape[]
    }

const { shape } = fc.letrec<{ shape: Shape; node: Shape; flat: Shape }>((tie) => ({
  shape: fc.oneof({ maxDepth: 4, depthSize: 'small' }, tie('flat'), tie('node')),
  flat: fc.record({
    kind: fc.constantFrom('raw' as const, 'raw' as const, 'leaf' as const, 'inline' as const),
    size: fc.nat(8),
    seed: fc.nat(5),
  }),
  node: fc.record({
    kind: fc.constant('node' as const),
    size: fc.oneof(fc.constant(0), fc.nat(3)),
    seed: fc.nat(5),
    parts: fc.array(tie('shape'), { maxLength: 6 }),
  }),
}))

/** Files whose leaves have up to eight times `unitBytes`. */
export function randomFile(unitBytes: number): fc.Arbitrary<RandomFile> {
  return shape.map((top) => {
    const blocks = new Map<string, UnixfsBlock>()
    const root = build(top, unitBytes, blocks)
    const rootBlock = root.block ?? rawBlock(root.content)
    blocks.set('root', rootBlock)
    return { root: rootBlock, blocks: [...blocks.values()], content: root.content }
  })
}

interface Built {
  readonly part: Part
  readonly block: UnixfsBlock | undefined
  readonly content: Uint8Array
}

function build(shaped: Shape, unitBytes: number, blocks: Map<string, UnixfsBlock>): Built {
  const own = noise(shaped.size * unitBytes, shaped.seed)
  if (shaped.kind === 'inline') {
    const content = own.subarray(0, 100)
    const part = { link: identityLink(RAW, content), fileBytes: content.length }
    return { part, block: undefined, content }
  }
  const parts = shaped.kind === 'node' ? shaped.parts : []
  const below = parts.map((one) => build(one, unitBytes, blocks))
  const block =
    shaped.kind === 'raw'
      ? rawBlock(own)
      : fileNode(
          below.map((one) => one.part),
          own,
        )
  blocks.set(block.link.multihash.join(), block)
  const content = concatBytes([own, ...below.map((one) => one.content)])
  return { part: { link: block.link, fileBytes: content.length }, block, content }
}
