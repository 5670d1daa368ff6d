/**
 * Adding a 4 GiB file.
 * @module
 */
import { rm } from 'node:fs/promises'
import { startChild } from '../child.ts'
import { addIn } from '../data.ts'
import { type BenchCase, check, compare, median } from '../measure.ts'

const RSS_MIB_MAX = 256

/** Wall time against hashing the file once, and peak memory. */
export const add: BenchCase = {
  name: 'add',
  about: 'adding a file of 4 GiB, against reading and hashing it once',
  async run(bench) {
    const { file } = await bench.data.huge()
    const data = bench.data.path('data-of-add')
    const figures = await compare(bench, ['hashing', 'turnpike'], async (name) => {
      if (name === 'hashing') {
        const child = await startChild('servers/add.ts', [data])
        const wallMs = await child.ask<number>('hashOnce', { path: file })
        await child.stop()
        return { 'wall ms': wallMs }
      }
      const { wallMs, usage } = await addIn(data, { path: file })
      await rm(data, { recursive: true })
      return {
        'wall ms': wallMs,
        'CPU ms': usage.cpuMs,
        'peak RSS MiB': usage.peakRssBytes / 2 ** 20,
      }
    })
    const of = (name: string, figure: string): number => median(figures[name]?.[figure])
    const times = of('turnpike', 'wall ms') / of('hashing', 'wall ms')
    return {
      figures,
      checks: [
        check('times the wall time of hashing', times, 'at most', 2),
        check('peak RSS, MiB', of('turnpike', 'peak RSS MiB'), 'at most', RSS_MIB_MAX),
      ],
    }
  },
}
