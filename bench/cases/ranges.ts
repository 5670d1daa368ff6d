/**
 * 64 KiB ranges in a 4 GiB file.
 * @module
 */
import { dice } from '../content.ts'
import { type AddedFile, wholeFile } from '../data.ts'
import {
  type Bench,
  type BenchCase,
  type CaseReport,
  check,
  compareLoad,
  hashing,
  median,
} from '../measure.ts'

const ALIGNED_BYTES = 4096
const CONNECTIONS = 8

async function measure(bench: Bench, file: AddedFile, leafBytes: number): Promise<CaseReport> {
  const { rangeBytes, rangeRequests } = bench.sizes
  const path = `/ipfs/${file.cid}`
  const roll = dice(1)
  const requests = Array.from({ length: rangeRequests }, () => {
    const places = Math.floor((file.sizeBytes - rangeBytes) / ALIGNED_BYTES)
    const first = Math.floor(roll() * places) * ALIGNED_BYTES
    return { path, first, last: first + rangeBytes - 1 }
  })
  const touched = requests.map(
    ({ first, last }) => Math.floor(last / leafBytes) - Math.floor(first / leafBytes) + 1,
  )
  const blocks = touched.reduce((sum, one) => sum + one, 0)
  // The last ranges warm up code and interior nodes; the leaves that are measured are cold.
  const figures = await compareLoad(bench, {
    contenders: ['bare-disk', 'exporter', 'turnpike'],
    routes: { [path]: wholeFile(file.file, file.sizeBytes) },
    requests,
    total: rangeRequests,
    connections: CONNECTIONS,
    warmUp: Math.ceil(rangeRequests / 10),
    sha256: requests.slice(0, 20).map(({ first }) => file.content.sha256(first, rangeBytes)),
    status: 206,
  })
  const totalBytes = blocks * leafBytes
  const hashMs = await hashing(bench, { blockBytes: leafBytes, totalBytes })
  const of = (name: string): number => median(figures[name]?.['CPU ms a request'])
  const hashMsEach = hashMs.map((ms) => ms / rangeRequests)
  const limitMs = of('bare-disk') + 1.15 * median(hashMsEach)
  return {
    figures: { ...figures, hashing: { 'CPU ms a request': hashMsEach } },
    checks: [
      check('CPU of bare + 1.15 hashing', of('turnpike') / limitMs, 'at most', 1),
      check('times exporter', of('exporter') / of('turnpike'), 'at least', 1),
    ],
  }
}

/** Leaves of 1 MiB. */
export const ranges: BenchCase = {
  name: 'ranges',
  about: 'ranges of 64 KiB at random places of a 4 GiB file in leaves of 1 MiB',
  run: async (bench) => measure(bench, await bench.data.huge(), 1024 * 1024),
}

/** Leaves of 256 KiB. */
export const rangesOf256KiB: BenchCase = {
  name: 'ranges-256k',
  about: 'ranges of 64 KiB at random places of a 4 GiB file in leaves of 256 KiB',
  run: async (bench) => measure(bench, await bench.data.hugeOf256KiB(), 256 * 1024),
}
