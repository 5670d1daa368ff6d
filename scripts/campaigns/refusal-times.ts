/**
 * Campaign: how long a refusal takes tells nothing of what is here.
 * @module
 */
import { writeFile, mkdir } from 'node:fs/promises'
import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { campaignMain, type Campaign, type Context, type Figures } from './rig/campaign.ts'
import { serve, turnpikeJson } from './rig/turnpike.ts'

const FILES = 32
/** Answers before the first that counts: code is compiled, caches are warm. */
const WARM_UP = 2000
const T_MAX = 4.5
const MEANS_APART_US_MAX = 20

/** The campaign. */
export const refusalTimes: Campaign = {
  name: 'refusal-times',
  shows:
    'Refusals of content that is absent, that nobody was let serve, and that a wrong token was ' +
    'shown for take the same time: |t| < 4.5, and means within 20 us.',
  runsAre: 'Requests of each kind, in random order on one connection',
  runs: 100_000,
  async run({ scratch, runs, random, checks, note }: Context): Promise<Figures> {
    const data = join(scratch, 'data')
    const closed = await addPrivate(scratch, data)
    const absent = await addPrivate(scratch, join(scratch, 'elsewhere'))
    const server = await serve(data)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const kinds = {
      absent: { cids: absent, query: '' },
      unauthorized: { cids: closed, query: '' },
      'absent, with a token': { cids: absent, query: '?authToken=wrong' },
      'wrong token': { cids: closed, query: '?authToken=wrong' },
    }
    const names = Object.keys(kinds) as (keyof typeof kinds)[]
    const times = new Map<string, number[]>(names.map((name) => [name, []]))
    const total = WARM_UP + runs * names.length
    for (let i = 0; i < total; i++) {
      if (i % 100_000 === 99_999) note(`${i + 1} of ${total}`)
      const name = names[random.below(names.length)]!
      const { cids, query } = kinds[name]
      const path = `/ipfs/${cids[random.below(FILES)]}${query}`
      const tookUs = await timed({ agent, port: server.port, path })
      if (i >= WARM_UP) times.get(name)!.push(tookUs)
    }
    agent.destroy()
    checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of serve')
    const figures: Record<string, number> = {}
    for (const name of names) figures[`us, ${name}`] = round(momentsOf(times.get(name)!).mean)
    for (const [a, b] of [names.slice(0, 2), names.slice(2)] as [string, string][]) {
      const { t, apart } = compare(times.get(a)!, times.get(b)!)
      figures[`t, ${a} and ${b}`] = round(t)
      const between = `between ${a} and ${b}`
      checks.that(Math.abs(t) < T_MAX, `|t| ${between} expected < ${T_MAX}, got ${t}`)
      // Less what chance explains: of few requests, means are apart by more than that.
      const isNear = Math.abs(apart) - 2 * Math.abs(apart / t) <= MEANS_APART_US_MAX
      checks.that(isNear, `us ${between} expected <= ${MEANS_APART_US_MAX}, got ${apart}`)
    }
    return figures
  },
}

/** Adds files to a space that serves them to who shows a token; their CIDs. */
async function addPrivate(scratch: string, data: string): Promise<string[]> {
  const folder = join(scratch, 'files')
  await mkdir(folder, { recursive: true })
  const paths: string[] = []
  for (let i = 0; i < FILES; i++) {
    paths.push(join(folder, `${i}.txt`))
    await writeFile(paths[i]!, `private file ${i} of ${data}`)
  }
  await turnpikeJson('space', 'create', 'private', '--data', data)
  const added = await turnpikeJson('add', ...paths, '--space', 'private', '--data', data)
  const words = ['--space', 'private', '--token', 'right', '--data', data]
  await turnpikeJson('delegate', 'create', ...words)
  return (added['roots'] as readonly { readonly cid: string }[]).map(({ cid }) => cid)
}

interface Asked {
  readonly agent: Agent
  readonly port: number
  readonly path: string
}

/** Time from a request to the end of its answer, us; it must be a 404. */
function timed({ agent, port, path }: Asked): Promise<number> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now()
    const request = get({ agent, port, path, host: '127.0.0.1' }, (response) => {
      response.resume()
      response.once('end', () => {
        const tookUs = (performance.now() - startMs) * 1000
        if (response.statusCode === 404) resolve(tookUs)
        else reject(new Error(`${path} expected 404, got ${response.statusCode}`))
      })
    })
    request.once('error', reject)
  })
}

/** Mean, and variance of the mean. */
function momentsOf(values: readonly number[]): { readonly mean: number; readonly ofMean: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, ofMean: squares / (values.length - 1) / values.length }
}

/** Welch's t, and how far the means are apart. */
function compare(
  a: readonly number[],
  b: readonly number[],
): { readonly t: number; readonly apart: number } {
  const [of, against] = [momentsOf(a), momentsOf(b)]
  const apart = of.mean - against.mean
  return { t: apart / Math.sqrt(of.ofMean + against.ofMean), apart }
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

if (import.meta.main) await campaignMain(refusalTimes)
