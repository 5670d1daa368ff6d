/**
 * Requests at a fixed rate, whatever the server does, for files of many sizes.
 * @module
 */
import { dice } from '../content.ts'
import { wholeFile } from '../data.ts'
import { type BenchCase, compareLoad } from '../measure.ts'

/** Ranks from a Zipf distribution with exponent 1. */
function zipf(ranks: number, roll: () => number): () => number {
  const weights = Array.from({ length: ranks }, (_, i) => 1 / (i + 1))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return () => {
    let left = roll() * sum
    return Math.max(
      0,
      weights.findIndex((weight) => (left -= weight) < 0),
    )
  }
}

/** Times to the first byte, with everything that was due while the server was busy. */
export const mix: BenchCase = {
  name: 'mix',
  about: 'files from 1 KiB to 12 MiB, the small ones asked for most, at a fixed rate',
  async run(bench) {
    const { mixRatePerSecond: ratePerSecond, mixRequests } = bench.sizes
    const { cid, files } = await bench.data.mix()
    const draw = zipf(files.length, dice(2))
    const pathOf = (name: string): string => `/ipfs/${cid}/${name}`
    const asked = Array.from({ length: mixRequests }, () => files[draw()]!)
    const figures = await compareLoad(bench, {
      // The exporter's server resolves no paths.
      contenders: ['bare-disk', 'gateway-lib', 'turnpike'],
      routes: Object.fromEntries(
        files.map(({ name, file, length }) => [pathOf(name), wholeFile(file, length)]),
      ),
      requests: asked.map(({ name }) => ({ path: pathOf(name) })),
      total: mixRequests,
      connections: 4,
      ratePerSecond,
      warmUp: Math.ceil(mixRequests / 10),
      sha256: asked.map(({ sha256 }) => sha256),
    })
    return { figures, checks: [] }
  },
}
