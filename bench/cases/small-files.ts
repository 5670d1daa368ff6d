/**
 * Files of 4 KiB.
 * @module
 */
import { type BenchCase, check, compareLoad, median } from '../measure.ts'

const DISTINCT_MAX = 1000
const CONNECTIONS = 16

/** Small files from memory: what each request costs, beyond its bytes. */
export const smallFiles: BenchCase = {
  name: 'small-files',
  about: 'files of 4 KiB, each by its CID, 1,000 different ones in turn',
  async run(bench) {
    const { smallRequests, smallFileBytes } = bench.sizes
    const { entries } = await bench.data.folder()
    const asked = entries.slice(0, DISTINCT_MAX)
    const requests = asked.map(({ cid }) => ({ path: `/ipfs/${cid}` }))
    const figures = await compareLoad(bench, {
      contenders: [
        'bare-memory',
        'bare-disk',
        'gateway-lib',
        'exporter',
        'turnpike',
        'turnpike-uncached',
      ],
      routes: Object.fromEntries(
        asked.map(({ cid, file }) => [`/ipfs/${cid}`, { file, offset: 0, length: smallFileBytes }]),
      ),
      requests,
      total: smallRequests,
      connections: CONNECTIONS,
      warmUp: Math.max(asked.length, Math.ceil(smallRequests / 4)),
      sha256: asked.map(({ sha256 }) => sha256),
    })
    const of = (name: string): number => median(figures[name]?.['requests a CPU-second'])
    return {
      figures,
      checks: [
        check('of a bare server from memory', of('turnpike') / of('bare-memory'), 'at least', 0.5),
        check('times gateway-lib', of('turnpike') / of('gateway-lib'), 'at least', 3),
      ],
    }
  },
}
