/**
 * A folder of 10,000 entries: its listing, and its CAR.
 * @module
 */
import { readCar } from '@turnpike/core/car/read'
import { keyOf } from '@turnpike/core/bytes'
import { verifyBlock } from '@turnpike/gateway/blocks/verify'
import { nodeHasher } from '@turnpike/node/hasher'
import { startContender } from '../contenders.ts'
import type { AddedFolder } from '../data.ts'
import { type Bench, type BenchCase, check, compareLoad, median } from '../measure.ts'

/** The listing as a page; how soon it starts, and that no child is fetched for it. */
export const listing: BenchCase = {
  name: 'listing',
  about: 'the listing of a folder of 10,000 entries, on one connection',
  async run(bench) {
    const folder = await bench.data.folder()
    const path = `/ipfs/${folder.cid}/`
    const load = {
      requests: [{ path }],
      total: bench.sizes.listingRequests,
      connections: 1,
      warmUp: 1,
    }
    const figures = await compareLoad(bench, {
      ...load,
      contenders: ['gateway-lib', 'turnpike'],
      routes: {},
    })
    const cold = await coldListing(bench, folder, path)
    const interior = folder.blocks - folder.entries.length
    return {
      figures: { ...figures, cold: cold.figures },
      checks: [
        check('entries named', cold.names, 'at least', folder.entries.length),
        check('blocks fetched, of the folder’s own', cold.blocks / interior, 'at most', 1),
        check('cold: first byte, ms', median(cold.figures['first byte p50 ms']), 'at most', 100),
        check(
          'warm: first byte, ms',
          median(figures['turnpike']?.['first byte p50 ms']),
          'at most',
          100,
        ),
      ],
    }
  },
}

/** The first request of a fresh process. */
async function coldListing(bench: Bench, folder: AddedFolder, path: string) {
  const firstMs: number[] = []
  let blocks = 0
  let names = 0
  for (let round = 0; round < bench.sizes.rounds; round++) {
    const server = await startContender('turnpike-counting', bench.data, {})
    // A request of the same kind compiles the code, so that the blocks alone are cold.
    const url = `http://127.0.0.1:${server.ready.port}`
    await (await fetch(`${url}/ipfs/bafyaabakaieac`)).arrayBuffer()
    const before = (await server.usage()).counts['hashed']!
    const startMs = performance.now()
    const answer = await fetch(url + path)
    const reader = answer.body!.getReader()
    let text = Buffer.from((await reader.read()).value ?? [])
    firstMs.push(performance.now() - startMs)
    for (let part = await reader.read(); !part.done; part = await reader.read())
      text = Buffer.concat([text, part.value])
    // One hash is that of the receipt's id.
    blocks = (await server.usage()).counts['hashed']! - before - 1
    const page = text.toString()
    names = folder.entries.filter(({ file }) => page.includes(file.slice(-9))).length
    await server.stop()
  }
  return { figures: { 'first byte p50 ms': firstMs, blocks: [blocks] }, blocks, names }
}

/** A CAR of some 10,000 blocks. */
export const car: BenchCase = {
  name: 'car',
  about: 'a CAR of a DAG of 10,000 blocks of 4 KiB, on one connection',
  async run(bench) {
    const folder = await bench.data.folder()
    const path = `/ipfs/${folder.cid}?format=car`
    await requireWholeCar(bench, folder, path)
    const figures = await compareLoad(bench, {
      contenders: ['gateway-lib', 'exporter', 'turnpike', 'turnpike-uncached'],
      routes: {},
      requests: [{ path }],
      total: bench.sizes.carRequests,
      connections: 1,
      warmUp: 1,
    })
    const of = (name: string): number => median(figures[name]?.['CPU ms a request'])
    return {
      figures,
      checks: [
        check('times gateway-lib', of('gateway-lib') / of('turnpike'), 'at least', 3),
        check('times exporter', of('exporter') / of('turnpike'), 'at least', 3),
        check(
          'uncached: times gateway-lib',
          of('gateway-lib') / of('turnpike-uncached'),
          'at least',
          3,
        ),
        check('uncached: times exporter', of('exporter') / of('turnpike-uncached'), 'at least', 3),
      ],
    }
  },
}

async function requireWholeCar(bench: Bench, folder: AddedFolder, path: string): Promise<void> {
  const server = await startContender('turnpike', bench.data, {})
  try {
    const answer = await fetch(`http://127.0.0.1:${server.ready.port}${path}`)
    const decoded = await readCar(answer.body as unknown as AsyncIterable<Uint8Array>)
    if (decoded.error) throw decoded.error
    const seen = new Set<string>()
    for await (const frame of decoded.ok.frames) {
      if (frame.error) throw frame.error
      const { link, bytes } = frame.ok
      if (verifyBlock(nodeHasher, link.multihash, bytes) !== 'good') throw new Error('bad block')
      seen.add(keyOf(link.multihash))
    }
    if (seen.size !== folder.blocks)
      throw new Error(`CAR expected ${folder.blocks} blocks, got ${seen.size}`)
  } finally {
    await server.stop()
  }
}
