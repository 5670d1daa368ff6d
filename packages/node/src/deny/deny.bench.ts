/**
 * What denylists cost: a kept small read, a block's check, and the load of a long list.
 *
 * Run: `node packages/node/src/deny/deny.bench.ts`. On two busy cores (Node 24) a kept read took
 * 15.5 us without a denylist, 15.6 with half a million names and 15.9 with half a million hashes;
 * without one once more: 16.2. A block that was not asked for before took 0.6 us among names and
 * 11.5 among hashes. The list was in force 25 ms after its import; the longest turn took 4 ms.
 * @module
 */
import { hash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { createGateway } from '@turnpike/gateway/gateway'
import type { Gateway } from '@turnpike/gateway/types'
import { alice, drain, fileBlocks, World } from '@turnpike/gateway/testing/world'
import { Denylists } from '@turnpike/core/deny/denylist'
import { DenylistParser } from '@turnpike/core/deny/parse'
import type { Denylist } from '@turnpike/core/ports/deny'
import { linkToString } from '@turnpike/core/link'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { openFolder, openFolderReader } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeClock } from '../runtime.ts'
import { followDenylists } from './live.ts'
import { denyOperations } from './operations.ts'

const RULES = 500_000
const READS = 20_000
const ROUNDS = 5

function listOf(ruleAt: (i: number) => string): Denylist {
  const parser = new DenylistParser(nodeHasher)
  for (let i = 0; i < RULES; i++) parser.push(`${ruleAt(i)}\n`)
  const list = new Denylists(nodeHasher)
  list.replace([{ name: 'bench', table: parser.end().ok!.table }])
  return list
}

const hashed = (i: number): string => `//${hash('sha256', String(i))}`

/** Microseconds of one kept read, the least of some rounds. */
async function keptReadUs(gateway: Gateway, world: World, url: string): Promise<number> {
  const request = new Request(url)
  let leastUs = Infinity
  for (let round = 0; round < ROUNDS; round++) {
    const startedMs = performance.now()
    for (let i = 0; i < READS; i++) await drain(await gateway.handle(request))
    leastUs = Math.min(leastUs, ((performance.now() - startedMs) * 1000) / READS)
    world.entries.length = 0
  }
  return leastUs
}

async function reads(): Promise<void> {
  const { root, blocks } = fileBlocks(PROFILES['unixfs-v1-2025'], Buffer.alloc(1000, 'x'))
  const lists: readonly (readonly [name: string, list: Denylist | undefined])[] = [
    ['no denylist', undefined],
    ['an empty one', new Denylists(nodeHasher)],
    [`${RULES} names`, listOf((i) => `/ipns/site${i}.example`)],
    [`${RULES} hashes`, listOf(hashed)],
    ['no denylist, again', undefined],
  ]
  for (const [name, denylist] of lists) {
    const world = new World()
    world.put(alice, blocks)
    const gateway = createGateway(world.deps(denylist === undefined ? {} : { denylist }))
    const url = `http://gateway.example/ipfs/${linkToString(root.link)}`
    console.log(`${name}: ${(await keptReadUs(gateway, world, url)).toFixed(2)} us a kept read`)
    if (denylist === undefined) continue
    const links = Array.from({ length: 2000 }, (_, i) => ({
      ...root.link,
      multihash: Buffer.concat([
        root.link.multihash.subarray(0, 2),
        hash('sha256', `${i}`, 'buffer'),
      ]),
    }))
    const startedMs = performance.now()
    for (const link of links) denylist.content(link, [])
    const us = ((performance.now() - startedMs) * 1000) / links.length
    console.log(`${name}: ${us.toFixed(2)} us for a block that was not asked for before`)
  }
}

async function load(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'turnpike-bench-'))
  const owner = (await openFolder(root, { clock: nodeClock, hasher: nodeHasher })).ok!
  const reader = (await openFolderReader(root, { hasher: nodeHasher })).ok!
  const live = await followDenylists(reader.catalog, console.error)
  const source = join(root, 'long.deny')
  writeFileSync(source, Array.from({ length: RULES }, (_, i) => hashed(i)).join('\n'))
  const call = { signal: new AbortController().signal, progress() {} }
  let startedMs = performance.now()
  const done = await denyOperations(owner, nodeClock).denyImport({ source, by: 'bench' }, call)
  if (done.error) throw done.error
  console.log(`import, off the serving thread: ${Math.round(performance.now() - startedMs)} ms`)
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  startedMs = performance.now()
  while (live.denylist.empty) await sleep(1)
  delays.disable()
  const loadedMs = Math.round(performance.now() - startedMs)
  console.log(`in force after ${loadedMs} ms; longest turn ${(delays.max / 1e6).toFixed(1)} ms`)
  live.close()
  await reader.close()
  await owner.close()
  rmSync(root, { recursive: true })
}

await reads()
await load()
