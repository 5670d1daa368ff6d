/**
 * Measuring contenders against one another: fresh processes, alternating order, medians.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, startChild } from './child.ts'
import { type ContenderName, type Server, startContender } from './contenders.ts'
import type { BenchData } from './data.ts'
import type { LoadResult, LoadSpec } from './load/client.ts'
import type { Route } from './servers/bare.ts'
import type { HashWork } from './servers/hashing.ts'
import type { Usage } from './servers/side-channel.ts'
import type { Sizes } from './sizes.ts'

const IDLE_POLL_MS = 300
const IDLE_POLLS_MAX = 20

/** What a case works with. */
export interface Bench {
  readonly sizes: Sizes
  readonly data: BenchData
  /** Whether the foreign stacks are measured as well. */
  readonly foreign: boolean
  /** Where the load comes from: one process for the whole run. */
  readonly client: Child<unknown>
  /** Says what is going on. */
  note(text: string): void
}

/** Figures of one contender, each a value for each round. */
export type Figures = Readonly<Record<string, readonly number[]>>

/** A target of the project, and how it was met. */
export interface Check {
  readonly target: string
  readonly limit: number
  readonly bound: 'at most' | 'at least'
  readonly measured: number
  readonly met: boolean
}

/** What a case found. */
export interface CaseReport {
  readonly figures: Readonly<Record<string, Figures>>
  readonly checks: readonly Check[]
}

/** One thing to measure. */
export interface BenchCase {
  readonly name: string
  readonly about: string
  run(bench: Bench): Promise<CaseReport>
}

/** A load on a server. */
export interface Load extends Omit<LoadSpec, 'port'> {
  readonly contenders: readonly ContenderName[]
  readonly routes: Readonly<Record<string, Route>>
  /** Requests that are sent before, so that code is compiled and caches are warm. */
  readonly warmUp: number
  /** sha2-256 of the bodies that the warm-up's requests must give, where known. */
  readonly sha256?: readonly (string | undefined)[]
  /** Status of all answers; 200 unless told. */
  readonly status?: number
}

/** A check of a figure against its limit. */
export function check(
  target: string,
  measured: number,
  bound: Check['bound'],
  limit: number,
): Check {
  const met = bound === 'at most' ? measured <= limit : measured >= limit
  return { target, limit, bound, measured, met }
}

/** The middle one of some values. */
export function median(values: readonly number[] | undefined): number {
  if (values === undefined || values.length === 0) return Number.NaN
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

/**
 * Runs `measure` for each contender in each round, in alternating order, and collects the figures.
 * Foreign stacks are left out unless the bench has them.
 */
export async function compare<Name extends string>(
  bench: Bench,
  contenders: readonly Name[],
  measure: (name: Name) => Promise<Readonly<Record<string, number>>>,
): Promise<Record<string, Figures>> {
  const present = contenders.filter((name) => {
    const foreign = name === 'gateway-lib' || name === 'exporter'
    return bench.foreign || !foreign
  })
  const found: Record<string, Record<string, number[]>> = {}
  for (let round = 0; round < bench.sizes.rounds; round++)
    for (const name of round % 2 === 0 ? present : present.toReversed()) {
      bench.note(`round ${round + 1}/${bench.sizes.rounds}: ${name}`)
      const mine = (found[name] ??= {})
      for (const [figure, value] of Object.entries(await measure(name)))
        (mine[figure] ??= []).push(value)
    }
  return found
}

/** Compares contenders under a load. */
export function compareLoad(bench: Bench, load: Load): Promise<Record<string, Figures>> {
  return compare(bench, load.contenders, async (name) => {
    const server = await startContender(name, bench.data, load.routes)
    try {
      return await underLoad(bench.client, server, load, bench.sizes.name !== 'tiny')
    } finally {
      await server.stop()
    }
  })
}

/** Puts a load on a server and tells what that took. */
async function underLoad(
  client: Child<unknown>,
  server: Server,
  load: Load,
  patient: boolean,
): Promise<Record<string, number>> {
  const { warmUp, sha256, status = 200, contenders: _, routes: __, ...spec } = load
  const { port } = server.ready
  const hash = sha256 !== undefined
  const { ratePerSecond: ___, ...closed } = spec
  const warmed = await client.ask<LoadResult>('load', { ...closed, port, total: warmUp, hash })
  requireRight(warmed, warmUp, status)
  for (const [i, expected] of (sha256 ?? []).entries())
    if (i < warmUp && expected !== undefined && warmed.sha256[i] !== expected)
      throw new Error(`request ${i} expected sha2-256 ${expected}, got ${warmed.sha256[i]}`)
  const before = patient ? await idleUsage(server) : await server.usage()
  const result = await client.ask<LoadResult>('load', { ...spec, port })
  const after = await server.usage()
  requireRight(result, load.total, status)
  return figuresOf(result, before, after)
}

/** Usage once the server has come to rest: threads that start or catch up are no part of a load. */
async function idleUsage(server: Server): Promise<Usage> {
  let before = await server.usage()
  for (let i = 0; i < IDLE_POLLS_MAX; i++) {
    await sleep(IDLE_POLL_MS)
    const after = await server.usage()
    if (after.cpuMs - before.cpuMs < IDLE_POLL_MS / 10) return after
    before = after
  }
  return before
}

function requireRight(result: LoadResult, total: number, status: number): void {
  const { [status]: right = 0, ...others } = result.statuses
  if (right !== total)
    throw new Error(
      `expected ${total} answers ${status}, got ${right} and ${JSON.stringify(others)}`,
    )
}

function figuresOf(result: LoadResult, before: Usage, after: Usage): Record<string, number> {
  const cpuMs = after.cpuMs - before.cpuMs
  const servingMs = after.servingMs - before.servingMs
  const { requests, bodyBytes, wallMs } = result
  const counts = Object.entries(after.counts).map(([name, count]) => [
    `${name} a request`,
    (count - (before.counts[name] ?? 0)) / requests,
  ])
  return {
    'CPU ms a request': cpuMs / requests,
    'CPU ms of the serving thread a request': servingMs / requests,
    'requests a CPU-second': (1000 * requests) / cpuMs,
    'requests a second': (1000 * requests) / wallMs,
    'MB a CPU-second': bodyBytes / 1000 / cpuMs,
    'MB a second': bodyBytes / 1000 / wallMs,
    'CPU s a GiB': (cpuMs / 1000) * (2 ** 30 / bodyBytes),
    'body bytes a request': bodyBytes / requests,
    'first byte p50 ms': result.firstByteMs.p50,
    'first byte p99 ms': result.firstByteMs.p99,
    'first byte p99.9 ms': result.firstByteMs.p999,
    'total p50 ms': result.totalMs.p50,
    'peak RSS MiB': after.peakRssBytes / 2 ** 20,
    ...(Object.fromEntries(counts) as Record<string, number>),
  }
}

/** CPU time in ms for hashing `totalBytes` once, in each round. */
export async function hashing(bench: Bench, work: HashWork): Promise<readonly number[]> {
  const child = await startChild('servers/hashing.ts', [])
  const found: number[] = []
  for (let round = 0; round < bench.sizes.rounds; round++)
    found.push(await child.ask<number>('hash', work))
  await child.stop()
  return found
}
