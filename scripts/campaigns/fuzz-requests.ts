/**
 * Campaign: what clients send, at random. Parsers neither throw nor hang, and what they take in is
 * what they may; a whole gateway answers whatever comes.
 * @module
 */
import { campaignMain, type Campaign, type Context, type Figures } from './rig/campaign.ts'
import { PARSERS, type Parser } from './requests/parsers.ts'
import { WildGateway } from './requests/whole.ts'

/** For one whole request there are so many inputs of parsers. */
const INPUTS_A_REQUEST = 20
/** Longest that one input may take: a thousand times the usual, so that only a hang is found. */
const INPUT_MS_MAX = 500
const NOTE_EVERY = 200_000

/** The campaign. */
export const fuzzRequests: Campaign = {
  name: 'fuzz-requests',
  shows:
    'No request target, host, Range, Accept, condition, _redirects file or CAR parameter crashes ' +
    'or hangs a parser, leads to a foreign host or into a header; no request to a whole gateway ' +
    'comes to a 500 but for a _redirects file that does not parse.',
  runsAre: `Inputs of parsers; for ${INPUTS_A_REQUEST} of them, one request to a whole gateway`,
  runs: 2_000_000,
  async run(context) {
    const parsers = checkParsers(PARSERS, context)
    return { ...parsers, ...(await checkGateway(context)) }
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

if (import.meta.main) await campaignMain(fuzzRequests)
