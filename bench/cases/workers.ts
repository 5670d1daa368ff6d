/**
 * Two worker processes against one.
 * @module
 */
import { type BenchCase, check, compareLoad, median } from '../measure.ts'

const DISTINCT_MAX = 1000

/** What sharing a port and a data folder costs. */
export const workers: BenchCase = {
  name: 'workers',
  about: 'files of 4 KiB from two worker processes, and from one',
  async run(bench) {
    const { entries } = await bench.data.folder()
    const { smallRequests } = bench.sizes
    const asked = entries.slice(0, DISTINCT_MAX)
    const figures = await compareLoad(bench, {
      contenders: ['turnpike-1-worker', 'turnpike-2-workers'],
      routes: {},
      requests: asked.map(({ cid }) => ({ path: `/ipfs/${cid}` })),
      total: smallRequests,
      connections: 32,
      // Each worker has caches of its own.
      warmUp: Math.max(2 * asked.length, Math.ceil(smallRequests / 4)),
      sha256: asked.map(({ sha256 }) => sha256),
    })
    const of = (name: string): number => median(figures[name]?.['requests a CPU-second'])
    const ratio = of('turnpike-2-workers') / of('turnpike-1-worker')
    return {
      figures,
      checks: [check('requests a CPU-second, of one worker', ratio, 'at least', 0.8)],
    }
  },
}
