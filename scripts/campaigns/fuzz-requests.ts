/**
 * Campaign: what clients send, at random. Parsers neither throw nor hang, and what they take in is
 * what they may; a whole gateway answers whatever comes.
 * @module
 */
import { join } from 'node:path'
import { PARSERS, type Parser } from './requests/parsers.ts'
import { WildGateway } from './requests/whole.ts'
import { sendWire, wireFaults, wireText } from './requests/wire.ts'
import { campaignMain, type Campaign, type Context, type Figures } from './rig/campaign.ts'
import { parallel } from './rig/parallel.ts'
import { serve } from './rig/turnpike.ts'

/** For one whole request there are so many inputs of parsers. */
const INPUTS_A_REQUEST = 20
/** Longest that one input may take: so much more than the usual that only a hang is found. */
const INPUT_MS_MAX = 2000
/** For one request on a socket there are so many inputs of parsers. */
const INPUTS_A_SOCKET = 200
const SOCKETS_AT_ONCE = 16
const NOTE_EVERY = 200_000

/** The campaign. */
export const fuzzRequests: Campaign = {
  name: 'fuzz-requests',
  shows:
    'No request target, host, Range, Accept, condition, _redirects file or CAR parameter crashes ' +
    'or hangs a parser, leads to a foreign host or into a header; no request to a whole gateway ' +
    'comes to a 500 but for a _redirects file that does not parse; no bytes on a socket stop a ' +
    'server.',
  runsAre:
    `Inputs of parsers; for ${INPUTS_A_REQUEST} of them, one request to a whole gateway; for ` +
    `${INPUTS_A_SOCKET}, one on a socket of a real server`,
  runs: 2_000_000,
  async run(context) {
    const parsers = checkParsers(PARSERS, context)
    return { ...parsers, ...(await checkGateway(context)), ...(await checkServer(context)) }
  },
}

/** Gives each parser its share of `runs` inputs. */
export function checkParsers(
  parsers: readonly Parser[],
  { runs, random, checks, note }: Pick<Context, 'runs' | 'random' | 'checks' | 'note'>,
): Figures {
  let slowestMs = 0
  for (let done = 0; done < runs; done++) {
    const parser = parsers[done % parsers.length]!
    const input = parser.make(random)
    const startedMs = performance.now()
    let wrong = ''
    try {
      parser.check(input)
    } catch (error) {
      wrong = String((error as Error).stack)
    }
    const tookMs = performance.now() - startedMs
    slowestMs = Math.max(slowestMs, tookMs)
    const what = (): string => `${parser.name} of ${JSON.stringify(input)}`
    if (wrong !== '') checks.that(false, `${what()}: ${wrong}`)
    else checks.that(tookMs < INPUT_MS_MAX, tookMs < INPUT_MS_MAX ? '' : `${what()}: ${tookMs} ms`)
    if ((done + 1) % NOTE_EVERY === 0) note(`${done + 1} of ${runs} inputs`)
  }
  return { inputs: runs, slowestInputMs: Math.round(slowestMs * 10) / 10 }
}

async function checkGateway({ runs, random, checks, note }: Context): Promise<Figures> {
  const requests = Math.ceil(runs / INPUTS_A_REQUEST)
  const gateway = new WildGateway()
  const statuses = new Map<number, number>()
  let slowestMs = 0
  for (let done = 0; done < requests; done++) {
    const request = gateway.make(random)
    const startedMs = performance.now()
    const { status, faults } = await gateway.send(request)
    const tookMs = performance.now() - startedMs
    slowestMs = Math.max(slowestMs, tookMs)
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    if (tookMs >= INPUT_MS_MAX) faults.push(`took ${tookMs} ms`)
    const right = faults.length === 0
    checks.that(right, right ? '' : `${JSON.stringify(request)}: ${faults.join('; ')}`)
    if ((done + 1) % (NOTE_EVERY / INPUTS_A_REQUEST) === 0)
      note(`${done + 1} of ${requests} requests`)
  }
  const byStatus = [...statuses].toSorted().map(([status, count]) => `${status}: ${count}`)
  return {
    requests,
    statuses: byStatus.join(', '),
    slowestRequestMs: Math.round(slowestMs * 10) / 10,
  }
}

/** Bytes on sockets, some at once; in the end the server has to be as well as in the beginning. */
async function checkServer({ runs, random, checks, scratch, note }: Context): Promise<Figures> {
  const sockets = Math.ceil(runs / INPUTS_A_SOCKET)
  note(`${sockets} requests on sockets`)
  const server = await serve(join(scratch, 'data'), '--dns-resolver', 'off')
  let answered = 0
  await parallel(sockets, SOCKETS_AT_ONCE, async () => {
    const text = wireText(random)
    const answer = await sendWire(server.port, text)
    if (answer !== '') answered += 1
    const faults = wireFaults(answer)
    const right = faults.length === 0
    checks.that(right, right ? '' : `${JSON.stringify(text)}: ${faults.join('; ')}`)
  })
  const last = await fetch(`http://127.0.0.1:${server.port}/ipfs/bafkqaaa`)
  checks.equal(last.status, 200, 'status of the last request')
  const { code, stderr } = await server.stop('SIGTERM')
  checks.equal(code, 0, `exit code of serve, which said ${stderr}`)
  checks.that(!/"level":"(?:error|fatal)"/.test(stderr), `serve said ${stderr.slice(0, 1000)}`)
  return { sockets, answered }
}

if (import.meta.main) await campaignMain(fuzzRequests)
