/**
 * Content that lies at a remote origin: what is asked of it.
 * @module
 */
import { READ_REMOTE_BYTES_MAX } from '@turnpike/core/limits'
import { existsSync } from 'node:fs'
import { type Child, startChild } from '../child.ts'
import { type Server, startTurnpikeServer } from '../contenders.ts'
import { addIn, blockMap } from '../data.ts'
import { Content } from '../content.ts'
import { indexRemote } from '../index-remote.ts'
import type { LeaveResult, LoadResult } from '../load/client.ts'
import type { Get } from '../load/http-connection.ts'
import { type Bench, type BenchCase, type CaseReport, check } from '../measure.ts'
import type { OriginFigures } from '../servers/origin.ts'

const MIB = 1024 * 1024
const RANGE_BYTES = 64 * 1024
/** The origin waits before each 64 KiB of a body. */
const DELAYED_BYTES = 64 * 1024
const LEAF_BYTES = MIB
const CROWD_BYTES = 3 * MIB

/** Counts rather than times: each scene has a fresh server, whose caches are cold. */
export const remote: BenchCase = {
  name: 'remote',
  about: 'a file of 1 GiB whose CARs lie at an HTTP origin',
  async run(bench) {
    const { cars, file, crowd } = await carried(bench)
    const origin = await startChild<{ url: string }>('servers/origin.ts', cars)
    try {
      const urls = cars.map((_, i) => `${origin.ready.url}/${i}.car`)
      const data = bench.data.path('remote-data')
      await indexRemote(data, urls)
      const stage = new Stage(data, origin, bench.client)
      const { remoteBytes, coldRequests } = bench.sizes
      const reports = await stage.run(async (ask) => [
        await firstByte(ask, file),
        await leaver(ask, file, remoteBytes),
        await crowded(ask, crowd, coldRequests),
        await oneRange(ask, file, remoteBytes),
      ])
      reports.push(await stage.run((ask) => wholeFile(ask, file, remoteBytes)))
      const figures = reports.map((one) => Object.entries(one.figures))
      return {
        figures: Object.fromEntries(figures.flat()),
        checks: reports.flatMap((one) => one.checks),
      }
    } finally {
      await origin.stop()
    }
  },
}

/** Makes the CARs that the origin has: of a big file, and of one that many will want. */
async function carried(bench: Bench) {
  const data = bench.data.path('remote-cars')
  const big = bench.data.path('remote.bin')
  const small = bench.data.path('remote-crowd.bin')
  if (!existsSync(big)) await new Content(7).write(big, bench.sizes.remoteBytes)
  if (!existsSync(small)) await new Content(8).write(small, CROWD_BYTES)
  const file = (await addIn(data, { path: big })).cid
  const crowd = (await addIn(data, { path: small })).cid
  const { files, blocks } = blockMap(data)
  // What has no blocks is an index.
  const cars = [...new Set(blocks.map(([, one]) => files[one]!))]
  return { file, crowd, cars }
}

/** Fresh servers before one origin. */
class Stage {
  readonly #data: string
  readonly #origin: Child<unknown>
  readonly #client: Child<unknown>

  constructor(data: string, origin: Child<unknown>, client: Child<unknown>) {
    this.#data = data
    this.#origin = origin
    this.#client = client
  }

  /** Runs scenes on a fresh server. */
  async run<T>(scenes: (ask: Asker) => Promise<T>): Promise<T> {
    const settings = { allowPrivateOrigins: true }
    const server = await startTurnpikeServer({ data: this.#data, variant: 'whole', settings })
    try {
      return await scenes(new Asker(this.#client, server, this.#origin))
    } finally {
      await server.stop()
    }
  }
}

/** A client of one server, and who sees what that asks of the origin. */
class Asker {
  readonly #client: Child<unknown>
  readonly #port: number
  readonly #origin: Child<unknown>

  constructor(client: Child<unknown>, server: Server, origin: Child<unknown>) {
    this.#client = client
    this.#port = server.ready.port
    this.#origin = origin
  }

  /** Has the origin wait before each 64 KiB, and forget what it was asked. */
  async begin(delayMs: number): Promise<void> {
    await this.figures()
    await this.#origin.ask('delay', delayMs)
  }

  /** What the origin was asked since the last call. */
  figures(): Promise<OriginFigures> {
    return this.#origin.ask('figures')
  }

  async load(request: Get, sha256: string, times = 1): Promise<LoadResult> {
    const spec = { requests: [request], total: times, connections: times, hash: true }
    const result = await this.#client.ask<LoadResult>('load', { ...spec, port: this.#port })
    for (const got of result.sha256)
      if (got !== sha256) throw new Error(`body expected sha2-256 ${sha256}, got ${got}`)
    return result
  }

  leave(request: Get, bytes: number): Promise<LeaveResult> {
    return this.#client.ask('leave', { port: this.#port, request, bytes })
  }
}

async function wholeFile(ask: Asker, cid: string, sizeBytes: number): Promise<CaseReport> {
  await ask.begin(0)
  const expected = new Content(7).sha256(0, sizeBytes)
  const { wallMs } = await ask.load({ path: `/ipfs/${cid}` }, expected)
  const { requests, bytesSent } = await ask.figures()
  const ratio = bytesSent / sizeBytes
  return {
    figures: { whole: { requests: [requests], 'bytes of answer': [ratio], wallMs: [wallMs] } },
    checks: [
      check('whole file: origin requests', requests, 'at most', 64),
      check('whole file: bytes fetched for each answered', ratio, 'at most', 1.05),
    ],
  }
}

/** With a slow origin, time tells how many bytes were waited for. */
async function firstByte(ask: Asker, cid: string): Promise<CaseReport> {
  const delayMs = 20
  await ask.begin(delayMs)
  const { firstByteMs } = await ask.leave({ path: `/ipfs/${cid}` }, 1)
  const { ranges } = await ask.figures()
  const waited = (firstByteMs / delayMs) * DELAYED_BYTES
  return {
    figures: {
      'first byte': { ms: [firstByteMs], 'bytes waited for': [waited], requests: [ranges.length] },
    },
    // Timers and connections take their share: half a leaf more is not two leaves.
    checks: [check('first byte: leaves waited for', waited / LEAF_BYTES, 'at most', 1.5)],
  }
}

/** What a client that leaves at 8 MiB costs the origin beyond them. */
async function leaver(ask: Asker, cid: string, sizeBytes: number): Promise<CaseReport> {
  await ask.begin(1)
  const { bytes } = await ask.leave({ path: `/ipfs/${cid}` }, Math.min(8 * MIB, sizeBytes / 4))
  const { bytesSent } = await ask.figures()
  const windows = (bytesSent - bytes) / READ_REMOTE_BYTES_MAX
  return {
    figures: { leaver: { 'MB taken': [bytes / 1e6], 'MB fetched': [bytesSent / 1e6] } },
    checks: [check('client that leaves: windows fetched beyond it', windows, 'at most', 1)],
  }
}

async function crowded(ask: Asker, cid: string, times: number): Promise<CaseReport> {
  await ask.begin(20)
  const expected = new Content(8).sha256(0, CROWD_BYTES)
  await ask.load({ path: `/ipfs/${cid}` }, expected, times)
  const { requests, bytesSent } = await ask.figures()
  const ratio = bytesSent / CROWD_BYTES
  return {
    figures: { crowd: { requests: [requests], 'fetches of the file': [ratio] } },
    checks: [check('1,000 at once: fetches of the file', ratio, 'at most', 1.05)],
  }
}

/** Ranges across the border of two leaves, which is the worst of cases, far from what was read. */
async function oneRange(ask: Asker, cid: string, sizeBytes: number): Promise<CaseReport> {
  await ask.begin(0)
  const content = new Content(7)
  const path = `/ipfs/${cid}`
  const counts: number[] = []
  for (const part of [0.35, 0.6, 0.9]) {
    const first = Math.floor((sizeBytes * part) / LEAF_BYTES) * LEAF_BYTES - RANGE_BYTES / 2
    const range = { path, first, last: first + RANGE_BYTES - 1 }
    await ask.load(range, content.sha256(first, RANGE_BYTES))
    counts.push((await ask.figures()).requests)
  }
  return {
    figures: { range: { requests: counts } },
    checks: [check('64 KiB range, nodes warm: origin requests', Math.max(...counts), 'at most', 2)],
  }
}
