/**
 * The price of recording each read.
 * @module
 */
import { type BenchCase, check, compareLoad, median } from '../measure.ts'

/** What metering and journalling cost the thread that serves. */
export const metering: BenchCase = {
  name: 'metering',
  about: 'files of 4 KiB with the journal, and with one that does nothing',
  async run(bench) {
    const { entries } = await bench.data.folder()
    const { smallRequests } = bench.sizes
    const asked = entries.slice(0, 1000)
    const figures = await compareLoad(bench, {
      contenders: ['turnpike', 'turnpike-no-journal', 'turnpike-counting'],
      routes: {},
      requests: asked.map(({ cid }) => ({ path: `/ipfs/${cid}` })),
      total: smallRequests,
      connections: 16,
      warmUp: Math.max(asked.length, Math.ceil(smallRequests / 4)),
    })
    const of = (name: string): number =>
      median(figures[name]?.['CPU ms of the serving thread a request'])
    const bytes = median(figures['turnpike-counting']?.['journalBytes a request'])
    return {
      figures,
      checks: [
        check('of the throughput', of('turnpike-no-journal') / of('turnpike'), 'at least', 0.95),
        check('bytes of journal a read', bytes, 'at most', 250),
      ],
    }
  },
}
