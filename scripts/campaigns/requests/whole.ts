/**
 * Whole requests against a whole gateway over blocks in memory: every answer is one that the rules
 * know, and can be sent.
 * @module
 */
import { linkFromString, linkToString } from '@turnpike/core/link'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import type { GatewayDeps } from '@turnpike/gateway/deps'
import { STATUS_BY_ERROR } from '@turnpike/gateway/errors'
import { createGateway } from '@turnpike/gateway/gateway'
import { REDIRECT_STATUSES } from '@turnpike/gateway/redirects-file/rule'
import { trustlessSettings } from '@turnpike/gateway/trustless'
import { httpTable } from '@turnpike/gateway/testing/http-table'
import {
  alice,
  drain,
  fileBlocks,
  folderBlocks,
  type Got,
  World,
} from '@turnpike/gateway/testing/world'
import type { Random } from '../rig/random.ts'
import * as grammar from './grammar.ts'
import { wildDenylist, wildNames, wildRecords } from './ports.ts'

/** A request as a client might send it. */
export interface WildRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly bodyBytes: number
}

const METHODS = [...Array<string>(12).fill('GET'), 'HEAD', 'HEAD', 'OPTIONS', 'PURGE', 'PUT']
/** Statuses that there are: of errors, of content, and of `_redirects`. */
const STATUSES: ReadonlySet<number> = new Set([
  ...Object.values(STATUS_BY_ERROR),
  200,
  204,
  206,
  304,
  ...REDIRECT_STATUSES,
])
const FIELD = /^[\t\x20-\x7e\x80-\xff]*$/
/** Fields that change the answer. */
const FIELDS: readonly (readonly [name: string, make: (random: Random) => string])[] = [
  ['accept', grammar.acceptText],
  ['accept', grammar.acceptText],
  ['range', grammar.rangeText],
  ['range', grammar.rangeText],
  ['if-none-match', grammar.tagText],
  ['if-range', grammar.tagText],
  ['if-match', grammar.tagText],
  ['if-modified-since', grammar.dateText],
  ['if-unmodified-since', grammar.dateText],
  ['cache-control', (random) => random.pick(['only-if-cached', 'no-cache'])],
  ['service-worker', () => 'script'],
  ['authorization', (random) => random.pick(['Bearer x', 'Basic', 'Bearer'])],
]
/** Rules that work, rules that don't parse. */
const REDIRECTS = ['/a/* /small.txt 200\n/* /404.html 404\n', '/a /b 301!\n']
/** Bytes of an answer that are read; the rest is as good as the start. */
const READ_BYTES_MAX = 300_000

/** A gateway with content of many kinds. */
export class WildGateway {
  readonly #world = new World()
  readonly #roots: string[]
  /** Paths of content that there is, most of them. */
  readonly #paths: string[]
  readonly #crashes: unknown[] = []
  readonly #gateway: ReturnType<typeof createGateway>

  /** `ports` take the place of those that the gateway has otherwise. */
  constructor(ports: Partial<GatewayDeps> = {}) {
    const { blocks, cases } = httpTable()
    this.#world.put(alice, blocks)
    const sites = REDIRECTS.map((text) => this.#site(text))
    const known = new Set(cases.map(({ path }) => /^\/ipfs\/(\w+)/.exec(path)?.[1] ?? ''))
    this.#roots = [...sites, ...known].filter((root) => linkFromString(root) !== undefined)
    this.#paths = cases.map(({ path }) => path.split('?')[0]!)
    const deps = this.#world.deps({
      names: wildNames(this.#roots),
      nameRecords: wildRecords,
      denylist: wildDenylist,
      trustless: trustlessSettings(['trustless.example'], false),
      ...ports,
    })
    const crash = (error: unknown): unknown => this.#crashes.push(error)
    this.#gateway = createGateway({ ...deps, observer: { ...deps.observer, crash } })
  }

  #site(redirects: string): string {
    const profile = PROFILES['unixfs-v1-2025']
    const files = { _redirects: redirects, '404.html': 'not here', 'small.txt': 'small' }
    const made = Object.entries(files).map(
      ([name, text]) => [name, fileBlocks(profile, new TextEncoder().encode(text))] as const,
    )
    const folder = folderBlocks(
      profile,
      made.map(([name, { root }]) => [name, root] as const),
    )
    this.#world.put(alice, [...made.flatMap(([, { blocks }]) => blocks), ...folder])
    return linkToString(folder.at(-1)!.link)
  }

  /** A request, most often for content that there is. */
  make(random: Random): WildRequest {
    const headers: Record<string, string> = {}
    for (let left = random.below(3); left > 0; left--) {
      const [name, make] = random.pick(FIELDS)
      headers[name] = make(random)
    }
    const bodyBytes = random.pick([0, 1, 2, 3, 20_000])
    return { method: random.pick(METHODS), url: this.#url(random), headers, bodyBytes }
  }

  #url(random: Random): string {
    const kind = random.below(4)
    if (kind === 0) return grammar.urlText(random, this.#roots)
    const host = random.below(2) === 0 ? random.pick(grammar.HOSTS) : '127.0.0.1:8080'
    if (kind === 1) {
      const rest = grammar.pathText(random).split('/').slice(3).join('/')
      const path = `${rest}${grammar.queryText(random)}`
      return `http://${random.pick(this.#roots)}.ipfs.sub.example/${path}`
    }
    const query = random.below(2) === 0 ? '' : grammar.queryText(random)
    return `http://${host}${random.pick(this.#paths)}${query}`
  }

  /** Sends a request; the status, and what is wrong with the answer, if anything is. */
  async send(request: WildRequest): Promise<{ status: number; faults: string[] }> {
    const got = await this.#ask(request)
    const again = await this.#ask(request)
    const faults = [...got.faults, ...again.faults, ...differences('asked again', got, again, [])]
    if (got.body.length !== again.body.length) faults.push('asked again: other bytes')
    const { range, 'if-range': _, ...plain } = request.headers
    if (request.method === 'GET' && range === undefined) {
      const head = await this.#ask({ ...request, method: 'HEAD' })
      // A type that only the first bytes tell is left out (RFC 9110 section 9.3.2).
      const untold = head.headers.has('content-type') ? [] : ['content-type']
      const free = ['content-length', ...untold]
      faults.push(...head.faults, ...differences('HEAD', got, head, free))
    }
    if (got.status === 206) {
      const whole = await this.#ask({ ...request, headers: plain })
      faults.push(...whole.faults, ...partFaults(got, whole))
    }
    return { status: got.status, faults }
  }

  async #ask({ method, url, headers, bodyBytes }: WildRequest): Promise<Answered> {
    const { signal } = new AbortController()
    const fields = { get: (name: string): string | null => headers[name] ?? null }
    const readBody = async (bytesMax: number): Promise<Uint8Array | undefined> =>
      bodyBytes > bytesMax ? undefined : new Uint8Array(bodyBytes)
    const answer = await this.#gateway.handle({ method, url, headers: fields, signal, readBody })
    const { length } = answer.body
    const got = await drain(answer, READ_BYTES_MAX)
    const faults = this.#crashes.splice(0).map((error) => `crash: ${(error as Error).stack}`)
    const text = got.status === 500 ? Buffer.from(got.body).toString() : ''
    if (got.status === 500 && !text.includes('could not parse _redirects:'))
      faults.push(`status 500: ${text}`)
    if (!STATUSES.has(got.status)) faults.push(`status ${got.status}`)
    if (got.broken) faults.push('the body broke')
    const told = length !== undefined && length <= READ_BYTES_MAX
    if (told && method !== 'HEAD' && got.body.length !== length)
      faults.push(`${length} bytes expected, got ${got.body.length}`)
    for (const [name, value] of answer.headers)
      if (!FIELD.test(value)) faults.push(`${name} can't be sent: ${JSON.stringify(value)}`)
    if (got.headers.size !== answer.headers.length) faults.push('a header field stands twice')
    return { ...got, faults }
  }
}

/** An answer, and what is wrong with it by itself. */
interface Answered extends Got {
  readonly faults: string[]
}

/** Fields that differ each time, and the status. */
function differences(what: string, a: Got, b: Got, free: readonly string[]): string[] {
  const found = a.status === b.status ? [] : [`${what}: status ${a.status}, then ${b.status}`]
  for (const name of new Set([...a.headers.keys(), ...b.headers.keys()])) {
    if (name === 'x-receipt-id' || name === 'server-timing' || free.includes(name)) continue
    const [before, now] = [a.headers.get(name), b.headers.get(name)]
    if (before !== now) found.push(`${what}: ${name} ${before}, then ${now}`)
  }
  return found
}

/** A part is that part of the whole. */
function partFaults(part: Got, whole: Got): string[] {
  const range = /^bytes (\d+)-(\d+)\/\d+$/.exec(part.headers.get('content-range') ?? '')
  if (whole.status !== 200) return [`a part of what is ${whole.status}`]
  // Several parts have their ranges in the body.
  if (range === null || Number(range[2]) >= whole.body.length) return []
  const bytes = whole.body.subarray(Number(range[1]), Number(range[2]) + 1)
  return Buffer.compare(bytes, part.body) === 0 ? [] : [`other bytes in ${range[0]}`]
}
