/**
 * A file of 1 GiB, in leaves of 1 MiB and of 256 KiB.
 * @module
 */
import type { AddedFile } from '../data.ts'
import { wholeFile } from '../data.ts'
import {
  type Bench,
  type BenchCase,
  type CaseReport,
  check,
  compareLoad,
  hashing,
  median,
} from '../measure.ts'

async function measure(bench: Bench, file: AddedFile, blockBytes: number): Promise<CaseReport> {
  const path = `/ipfs/${file.cid}`
  const figures = await compareLoad(bench, {
    contenders: ['bare-disk', 'gateway-lib', 'exporter', 'turnpike'],
    routes: { [path]: wholeFile(file.file, file.sizeBytes) },
    requests: [{ path }],
    total: 2,
    connections: 1,
    warmUp: 1,
    sha256: [file.content.sha256(0, file.sizeBytes)],
  })
  const hashMs = await hashing(bench, { blockBytes, totalBytes: file.sizeBytes })
  const of = (name: string): number => median(figures[name]?.['CPU ms a request'])
  const limitMs = of('bare-disk') + 1.15 * median(hashMs)
  return {
    figures: { ...figures, hashing: { 'CPU ms a request': hashMs } },
    checks: [
      check('CPU of bare + 1.15 hashing', of('turnpike') / limitMs, 'at most', 1),
      check('times gateway-lib', of('gateway-lib') / of('turnpike'), 'at least', 1),
      check('times exporter', of('exporter') / of('turnpike'), 'at least', 1),
    ],
  }
}

/** Leaves of 1 MiB. */
export const bigFile: BenchCase = {
  name: 'big-file',
  about: 'a file of 1 GiB in leaves of 1 MiB, whole, on one connection',
  run: async (bench) => measure(bench, await bench.data.big(), 1024 * 1024),
}

/** Leaves of 256 KiB, wrapped in dag-pb. */
export const bigFileOf256KiB: BenchCase = {
  name: 'big-file-256k',
  about: 'a file of 1 GiB in leaves of 256 KiB, whole, on one connection',
  run: async (bench) => measure(bench, await bench.data.bigOf256KiB(), 256 * 1024),
}
