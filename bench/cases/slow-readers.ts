/**
 * Readers that are slower than the server: what it holds for them.
 * @module
 */
import { startContender } from '../contenders.ts'
import { type BenchCase, check, compare, median } from '../measure.ts'

const RSS_MIB_MAX = 256

/** Peak memory of the server; each reader begins elsewhere, so that they share no block. */
export const slowReaders: BenchCase = {
  name: 'slow-readers',
  about: '64 readers of a 1 GiB file that take 640 KiB a second each',
  async run(bench) {
    const { slowReaders: readers, slowMs } = bench.sizes
    const { cid, sizeBytes } = await bench.data.big()
    const requests = Array.from({ length: readers }, (_, i) => ({
      path: `/ipfs/${cid}`,
      first: Math.floor((sizeBytes / 2 / readers) * i),
    }))
    const figures = await compare(bench, ['gateway-lib', 'exporter', 'turnpike'], async (name) => {
      const server = await startContender(name, bench.data, {})
      const spec = { port: server.ready.port, requests, durationMs: slowMs }
      const bytes = await bench.client.ask<number>('slow', spec)
      const { peakRssBytes } = await server.usage()
      await server.stop()
      return { 'peak RSS MiB': peakRssBytes / 2 ** 20, 'MB taken': bytes / 1e6 }
    })
    const peakMiB = median(figures['turnpike']?.['peak RSS MiB'])
    return { figures, checks: [check('peak RSS, MiB', peakMiB, 'at most', RSS_MIB_MAX)] }
  },
}
