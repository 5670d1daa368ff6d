/**
 * The second listener: health, readiness, metrics, usage and receipts, for operators alone.
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { ADMIN_CONNECTIONS_MAX, ADMIN_TIMEOUT_MS } from '@turnpike/core/limits'
import { RPC_BODY_BYTES_MAX } from '@turnpike/core/limits/read-receipts'
import type { Awaitable, Result } from '@turnpike/core/result'
import type { ReportQuery } from '@turnpike/accounting/usage-report'
import { reportCsv, type ReportJson } from '@turnpike/core/billing/usage-json'
import { listen, urlOf } from '../http/listen.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { readBody } from '../http/request-body.ts'
import { namesUs } from './hosts.ts'
import { answerRpc, type RpcHost } from './rpc.ts'
import { bearsToken } from './token.ts'
import { parseUsageQuery, USAGE_WORDS } from './usage-query.ts'

/** What the admin listener answers from. */
export interface AdminSources {
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>
  /** Why this deployment is not ready to serve; nothing when it is. */
  unready(): Awaitable<readonly string[]>
  usage(query: ReportQuery): Promise<Result<ReportJson, Error>>
  /** What `/rpc` answers by. */
  readonly rpc: RpcHost['methods']
  /** Wall clock, in ms. */
  nowMs(): number
  /** Hears of what failed unexpectedly; whoever asked gets no details. */
  onCrash(error: unknown): void
}

/** Where the admin listener is. */
export interface AdminOptions extends AdminSources {
  readonly host: string
  readonly port: number
  readonly portSearch: boolean
  readonly token: string
  /** Further names by which it may be called; its own host is one. */
  readonly hosts: readonly string[]
}

/** A listening admin server. */
export interface AdminServer {
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** What is sent. */
interface Reply {
  readonly status: number
  readonly type: string
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Starts the admin listener. `/healthz` and `/readyz` are for probes and need no token.
 *
 * @throws {PortTaken} when the port is taken
 * @example
 * const admin = await startAdmin({ host: '127.0.0.1', port: 8081, portSearch: true, … })
 */
export async function startAdmin(options: AdminOptions): Promise<AdminServer> {
  const server = createServer((request, response) => {
    void answer(options, request)
      .catch((error: unknown) => {
        options.onCrash(error)
        return text(500, 'The answer could not be made; the log has more.')
      })
      .then((reply) => send(request, response, reply))
  })
  server.maxConnections = ADMIN_CONNECTIONS_MAX
  server.requestTimeout = ADMIN_TIMEOUT_MS
  server.setTimeout(ADMIN_TIMEOUT_MS)
  const { host, port, portSearch } = options
  const address = await listen(server, { host, port, portSearch, reusePort: false })
  return { url: urlOf(address), port: address.port, close: () => close(server) }
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

async function answer(options: AdminOptions, request: IncomingMessage): Promise<Reply> {
  const { headers, method, url = '' } = request
  if (!namesUs(headers.host, [...options.hosts, options.host]))
    return text(421, 'Expected a Host field that names this listener; see the setting adminHosts.')
  const target = URL.parse(url, 'http://admin.invalid')
  if (target === null) return text(400, 'Expected a path.')
  const { pathname, searchParams } = target
  const methods = pathname === '/rpc' ? ['POST'] : ['GET', 'HEAD']
  if (!methods.includes(method ?? '')) {
    const allow = methods.join(', ')
    return { ...text(405, `Expected ${allow}.`), headers: { allow } }
  }
  if (pathname === '/healthz') return text(200, 'ok')
  if (pathname === '/readyz') return readiness(options)
  if (!bearsToken(headers.authorization, options.token)) {
    const challenge = { 'www-authenticate': 'Bearer realm="turnpike"' }
    return { ...text(401, 'Expected the token in keys/admin-token.'), headers: challenge }
  }
  if (pathname === '/metrics') {
    const { contentType } = options.metrics
    return { status: 200, type: contentType, body: await options.metrics.text() }
  }
  if (pathname === '/usage') return usage(options, searchParams, headers.accept)
  if (pathname === '/rpc') return rpc(options, request)
  return text(404, 'Expected /healthz, /readyz, /metrics, /usage or /rpc.')
}

async function rpc(options: AdminOptions, request: IncomingMessage): Promise<Reply> {
  const [type] = (request.headers['content-type'] ?? '').split(';')
  if (type!.trim().toLowerCase() !== 'application/json')
    return text(415, 'Expected a body of type application/json.')
  const body = await readBody(request, RPC_BODY_BYTES_MAX)
  if (body === undefined) return text(413, `Expected at most ${RPC_BODY_BYTES_MAX} bytes.`)
  const answered = await answerRpc(Buffer.from(body).toString(), {
    methods: options.rpc,
    onCrash: (error) => options.onCrash(error),
  })
  if (answered === undefined) return { status: 204, type: 'application/json', body: '' }
  return { status: 200, type: 'application/json', body: `${answered}\n` }
}

async function readiness({ unready }: AdminOptions): Promise<Reply> {
  const reasons = await unready()
  return json(reasons.length === 0 ? 200 : 503, { ready: reasons.length === 0, reasons })
}

/** Refusals that say something about the question; others are faults of accounting's. */
const STATUS: Readonly<Record<string, number>> = {
  AccountNotFound: 404,
  SpaceUnauthorized: 404,
  SplitUnknown: 400,
}

/** Formats of usage, in the order in which they are preferred. */
const FORMATS = ['json', 'csv'] as const

async function usage(
  options: AdminOptions,
  asked: URLSearchParams,
  accept: string | undefined,
): Promise<Reply> {
  const { format = formatOf(accept), ...words } = Object.fromEntries(asked)
  const known = FORMATS.find((name) => name === format)
  if (known === undefined) return text(400, `Expected format ${FORMATS.join(' or ')}.`)
  const unknown = Object.keys(words).find((name) => !USAGE_WORDS.some((word) => word === name))
  if (unknown !== undefined)
    return text(400, `Expected ${[...USAGE_WORDS, 'format'].join(', ')}, got "${unknown}".`)
  const query = parseUsageQuery(words, options.nowMs())
  if (query.error) return text(400, query.error.message)
  const answered = await options.usage(query.ok)
  if (answered.error) {
    const { name, message } = answered.error
    return json(STATUS[name] ?? 503, { error: name, message })
  }
  const headers = { vary: 'accept' }
  if (known === 'json') return { ...json(200, answered.ok), headers }
  const type = 'text/csv; charset=utf-8; header=present'
  return { status: 200, type, body: reportCsv(answered.ok), headers }
}

/** CSV for who asks for that and not for JSON. */
function formatOf(accept = ''): (typeof FORMATS)[number] {
  const types = new Set(accept.split(',').map((range) => range.split(';')[0]!.trim()))
  return types.has('text/csv') && !types.has('application/json') ? 'csv' : 'json'
}

function json(status: number, value: object): Reply {
  return { status, type: 'application/json', body: `${JSON.stringify(value)}\n` }
}

function text(status: number, line: string): Reply {
  return { status, type: 'text/plain; charset=utf-8', body: `${line}\n` }
}

function send(request: IncomingMessage, response: ServerResponse, reply: Reply): void {
  const body = Buffer.from(reply.body)
  // No length goes with 204 (RFC 9110, section 8.6).
  const content = { 'content-type': reply.type, 'content-length': body.length }
  response.writeHead(reply.status, {
    ...(reply.status !== 204 && content),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...reply.headers,
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
