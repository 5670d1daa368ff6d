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
      const reports = [
        await wholeFile(stage, file, bench.sizes.remoteBytes),
        await firstByte(stage, file),
        await oneRange(stage, file, bench.sizes.remoteBytes),
        await crowded(stage, crowd, bench.sizes.coldRequests),
        await leaver(stage, file, bench.sizes.remoteBytes),
      ]
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

  /** Runs a scene on a fresh server, with an origin that waits `delayMs` before each 64 KiB. */
  async run<T>(delayMs: number, scene: (ask: Asker) => Promise<T>): Promise<T> {
    const settings = { allowPrivateOrigins: true }
    const server = await startTurnpikeServer({ data: this.#data, variant: 'whole', settings })
    await this.#origin.ask('delay', delayMs)
    await this.figures()
    try {
      return await scene(new Asker(this.#client, server, () => this.figures()))
    } finally {
      await server.stop()
    }
  }

  /** What the origin was asked since the last call. */
  figures(): Promise<OriginFigures> {
    return this.#origin.ask<OriginFigures>('figures')
  }
}

/** A client of one server. */
class Asker {
  readonly figures: () => Promise<OriginFigures>
  readonly #client: Child<unknown>
  readonly #port: number

  constructor(client: Child<unknown>, server: Server, figures: () => Promise<OriginFigures>) {
    this.figures = figures
    this.#client = client
    this.#port = server.ready.port
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

function wholeFile(stage: Stage, cid: string, sizeBytes: number): Promise<CaseReport> {
  return stage.run(0, async (ask) => {
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
  })
}

/** With a slow origin, time tells how many bytes were waited for. */
function firstByte(stage: Stage, cid: string): Promise<CaseReport> {
  const delayMs = 20
  return stage.run(delayMs, async (ask) => {
    const { firstByteMs } = await ask.leave({ path: `/ipfs/${cid}` }, 1)
    const { ranges } = await ask.figures()
    const waited = (firstByteMs / delayMs) * DELAYED_BYTES
    return {
      figures: {
        'first byte': {
          ms: [firstByteMs],
          'bytes waited for': [waited],
          requests: [ranges.length],
        },
      },
      // Timers and connections take their share: half a leaf more is not two leaves.
      checks: [check('first byte: leaves waited for', waited / LEAF_BYTES, 'at most', 1.5)],
    }
  })
}

function oneRange(stage: Stage, cid: string, sizeBytes: number): Promise<CaseReport> {
  return stage.run(0, async (ask) => {
    const content = new Content(7)
    const path = `/ipfs/${cid}`
    const at = (first: number): Promise<LoadResult> =>
      ask.load({ path, first, last: first + RANGE_BYTES - 1 }, content.sha256(first, RANGE_BYTES))
    await at(0)
    await ask.figures()
    const counts: number[] = []
    for (const part of [0.35, 0.6, 0.9]) {
      // Across the border of two leaves: the worst of cases.
      await at(Math.floor((sizeBytes * part) / LEAF_BYTES) * LEAF_BYTES - RANGE_BYTES / 2)
      counts.push((await ask.figures()).requests)
    }
    const most = Math.max(...counts)
    return {
      figures: { range: { requests: counts } },
      checks: [check('64 KiB range, nodes warm: origin requests', most, 'at most', 2)],
    }
  })
}

function crowded(stage: Stage, cid: string, times: number): Promise<CaseReport> {
  return stage.run(20, async (ask) => {
    const expected = new Content(8).sha256(0, CROWD_BYTES)
    await ask.load({ path: `/ipfs/${cid}` }, expected, times)
    const { requests, bytesSent } = await ask.figures()
    const ratio = bytesSent / CROWD_BYTES
    return {
      figures: { crowd: { requests: [requests], 'fetches of the file': [ratio] } },
      checks: [check('1,000 at once: fetches of the file', ratio, 'at most', 1.05)],
    }
  })
}

function leaver(stage: Stage, cid: string, sizeBytes: number): Promise<CaseReport> {
  return stage.run(1, async (ask) => {
    const { bytes } = await ask.leave({ path: `/ipfs/${cid}` }, Math.min(8 * MIB, sizeBytes / 4))
    const { bytesSent } = await ask.figures()
    const windows = (bytesSent - bytes) / READ_REMOTE_BYTES_MAX
    return {
      figures: { leaver: { 'MB taken': [bytes / 1e6], 'MB fetched': [bytesSent / 1e6] } },
      checks: [check('client that leaves: windows fetched beyond it', windows, 'at most', 1)],
    }
  })
}
