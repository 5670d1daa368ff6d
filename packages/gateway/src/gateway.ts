/**
 * The frame around the read path: room in the journal first, one answer in every case, the meter
 * last.
 * @module
 */
import { type Answer, type HeaderLine, MeteredBody } from './meter.ts'
import { COMMON_HEADERS, errorAnswer, unrecordedAnswer } from './plain-answer.ts'
import { TooOften } from './admission/identities.ts'
import { ContentDenied } from './deny/guard.ts'
import { Executions } from './executions.ts'
import { EntryRecorder, type ReadFacts } from './recorder.ts'
import type { ReadContext } from './read-context.ts'
import { ReadPath } from './read-path.ts'
import { RequestError, isAnswerable } from './errors.ts'
import type { Gateway } from './types.ts'
import type { GatewayDeps } from './deps.ts'
import type { GatewayRequest } from './request.ts'
import { CACHED_TIMEOUT_MS, RETRIEVAL_TIMEOUT_MS } from '@turnpike/core/limits'
import { READ_FLAGS } from '@turnpike/core/log/entry'
import type { Representation } from './format/serve.ts'
import { type Awaitable, type Result, fail } from '@turnpike/core/result'
import { type Paid, paidRecorder, takeQuota } from './quota/answer.ts'
import { serverTiming } from './server-timing.ts'
import { TimedRequest, timedBody } from './retrieval.ts'
import { unlessCached, wantsCached } from './only-if-cached.ts'
import { linkToBytes } from '@turnpike/core/link'
import { receiptIdOf } from '@turnpike/core/log/receipt-id'

/**
 * Composes a gateway over its ports.
 *
 * @example
 * const gateway = createGateway(deps)
 * const answer = await gateway.handle(new Request('http://localhost/ipfs/bafkqaaa'))
 */
export function createGateway(deps: GatewayDeps): Gateway {
  const readPath = new ReadPath(deps)
  const patience = { timer: deps.timer, timeoutMs: deps.retrievalTimeoutMs ?? RETRIEVAL_TIMEOUT_MS }
  const atOnce = { ...patience, timeoutMs: Math.min(patience.timeoutMs, CACHED_TIMEOUT_MS) }
  return {
    async handle(request: GatewayRequest): Promise<Answer> {
      const startedAtMs = deps.clock.monotonicMs()
      const started = deps.clock.nowMs()
      const open = deps.journal.admit()
      if (open === undefined) {
        deps.observer.unrecorded()
        return unrecordedAnswer()
      }
      const timed = new TimedRequest(request, wantsCached(request) ? atOnce : patience)
      const context = contextOf(deps, timed)
      const answering = answerOf(readPath, context)
      // What is there at once needs no timer, nor does its body.
      const atHand = !(answering instanceof Promise)
      const answered = atHand ? answering : await timed.inTime(answering)
      if (deps.identities !== undefined && answered.error instanceof TooOften) {
        open.end([])
        return deps.identities.answer(answered.error)
      }
      const answer: Result<Representation, Error> = answered.error
        ? fail(unlessCached(answered.error, request))
        : answered
      const paying = takeQuota(deps.quota, context.space, answer)
      const { outcome, lease }: Paid = paying instanceof Promise ? await paying : paying
      if (outcome.error && !isAnswerable(outcome.error)) deps.observer.crash(outcome.error)
      if (outcome.error instanceof ContentDenied) deps.observer.denied(outcome.error.reason)
      const id = deps.random.bytes(16)
      const receiptId = receiptIdOf(id, deps.hasher)
      const representation = outcome.ok ?? errorAnswer(outcome.error, request, receiptId)
      const facts = factsOf(deps, context, { id, started }, outcome, representation)
      const { session, executions } = context
      const drawn = { tally: session?.tally, executions, startedAtMs }
      const recorder = new EntryRecorder(deps, open, facts, drawn)
      const recorded = lease === undefined ? recorder : paidRecorder(recorder, lease)
      const more: HeaderLine[] = [['X-Receipt-Id', receiptId]]
      if (context.times !== undefined)
        more.push(serverTiming(startedAtMs, context.times, deps.clock.monotonicMs()))
      return {
        status: representation.status,
        headers: [...representation.headers, ...COMMON_HEADERS, ...more],
        body: new MeteredBody(
          atHand ? representation.body : timedBody(representation.body, patience),
          recorded,
        ),
      }
    },
  }
}

function answerOf(
  readPath: ReadPath,
  context: ReadContext,
): Awaitable<Result<Representation, Error>> {
  const failed = (error: unknown): Result<Representation, Error> => fail(asError(error))
  try {
    const answering = readPath.answer(context)
    return answering instanceof Promise ? answering.catch(failed) : answering
  } catch (error) {
    return failed(error)
  }
}

function contextOf(deps: GatewayDeps, request: GatewayRequest): ReadContext {
  return {
    request,
    path: undefined,
    space: deps.provider,
    session: undefined,
    executions: new Executions(),
    times: undefined,
    fromCache: false,
  }
}

function factsOf(
  deps: GatewayDeps,
  context: ReadContext,
  start: { readonly id: Uint8Array; readonly started: number },
  outcome: Result<Representation, Error>,
  representation: Representation,
): ReadFacts {
  const { path } = context
  const deny = outcome.error instanceof RequestError ? outcome.error.deny : 0
  return {
    id: start.id,
    started: start.started,
    domain: path?.domain ?? '',
    space: context.space,
    provider: deps.provider,
    region: deps.region,
    cid: path === undefined ? null : linkToBytes(path.root),
    status: representation.status,
    flags: flagsOf(context, outcome, deny),
    deny,
    errorName: outcome.error?.name,
  }
}

function flagsOf(
  context: ReadContext,
  outcome: Result<Representation, Error>,
  deny: number,
): number {
  let flags = deny === 0 ? READ_FLAGS.allowed : 0
  if (context.request.method === 'HEAD') flags |= READ_FLAGS.head
  if (outcome.error) return isOrigins(outcome.error) ? flags | READ_FLAGS.originFailed : flags
  if (outcome.ok.billable) flags |= READ_FLAGS.content
  if (outcome.ok.partial) flags |= READ_FLAGS.range
  if (context.fromCache) flags |= READ_FLAGS.fromCache
  return flags
}

/** Whether it was where content lies that failed. */
function isOrigins({ name }: Error): boolean {
  const isElsewhere = name.startsWith('Origin') || name.startsWith('Locator')
  return isElsewhere || name === 'RetrievalTimeout'
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('"error" expected an Error', { cause: error })
}
