/**
 * Blobs for who signs for them: `X-Agent-Message` in requests and answers.
 * Source: Storacha RFC, "UCAN invocations in HTTP headers".
 * @module
 */
import { encode as encodeDagJson } from '@ipld/dag-json'
import { CID } from 'multiformats/cid'
import { DENY } from '@turnpike/core/log/entry'
import type { Authorizer, SpaceDid } from '@turnpike/core/ports/content'
import { Unauthorized } from '@turnpike/core/ports/content'
import type { ByteRange } from '@turnpike/core/range'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { AGENT_MESSAGE_FIELD } from '@turnpike/core/retrieve/header'
import {
  MissingProofs,
  type RetrievalFault,
  type RetrievalRefused,
} from '@turnpike/core/retrieve/invocations'
import type { Retrieval } from '@turnpike/core/retrieve/judge'
import type { ControlAnswer } from './control-answer.ts'
import { type ErrorName, RequestError, statusOf } from './errors.ts'
import { bytesBody } from './format/content.ts'
import type { Representation } from './format/serve.ts'
import { notFound } from './locate.ts'
import type { HeaderLine } from './meter.ts'
import type { ContentPath } from './parse-request.ts'
import type { GatewayRequest } from './request.ts'
import type { Retrievals } from './retrievals.ts'

type Answered = Result<Representation, Error>

/** A request that may be answered, and how. */
export interface AdmittedRead {
  readonly answer?: undefined
  readonly space: SpaceDid
  /** DID of who signed. */
  readonly invoker: string
  /** The request for exactly what may be sent. */
  readonly request: GatewayRequest
  /** Says whether that may be sent on. */
  readonly leave: Authorizer
  /** Lets the request through, at most once: to be called when what it asks for is found. */
  spend(): Result<Unit, RequestError>
  /** The answer with its receipt. */
  receipted(answered: Answered): Promise<Answered>
}

/** What is to be read, or the answer that asks for more proofs. */
export type Admitted = Result<AdmittedRead | { readonly answer: Representation }, RequestError>

const ERROR_BY_FAULT: Readonly<Record<RetrievalFault, ErrorName>> = {
  malformed: 'InvocationMalformed',
  'too-long': 'InvocationTooLong',
  'not-retrieval': 'InvocationInvalid',
  unauthorized: 'InvocationUnauthorized',
  replayed: 'InvocationReplayed',
  full: 'InvocationsFull',
}

/** What another run came to may be known from its receipt: these have none. */
const NOT_RUN: ReadonlySet<ErrorName> = new Set(['InvocationReplayed', 'InvocationsFull'])
const VARY: HeaderLine = ['Vary', 'X-Agent-Message']
const NO_STORE: HeaderLine = ['Cache-Control', 'no-store']

/** Answers requests for blobs that carry an invocation. */
export class Retrieving {
  readonly #retrievals: Retrievals

  constructor(retrievals: Retrievals) {
    this.#retrievals = retrievals
  }

  /** Undefined for a request that is not for a blob, or carries no invocation. */
  admit(path: ContentPath, request: GatewayRequest): Promise<Admitted> | undefined {
    if (path.isBlob !== true) return undefined
    const value = request.headers.get(AGENT_MESSAGE_FIELD)
    return value === null ? undefined : this.#admit(value, path, request)
  }

  async #admit(value: string, path: ContentPath, request: GatewayRequest): Promise<Admitted> {
    const header = request.headers.get('range')
    const range = header === null ? undefined : oneRange(header)
    if (header !== null && range === undefined)
      return fail(
        new RequestError('InvocationInvalid', 'Range expected one bytes=<first>-<last>, or none'),
      )
    const { multihash } = path.root
    const asked = { value, multihash, range, signal: request.signal }
    const examined = await this.#retrievals.examine(asked)
    if (examined.ok) return ok(this.#read(examined.ok, request))
    if (!(examined.error instanceof MissingProofs)) return fail(refusal(examined.error))
    const { status, headers, body } = missingProofsAnswer(examined.error)
    const length: HeaderLine = ['Content-Length', String(body.length)]
    const lines = [...headers, length]
    const answer = { status, headers: lines, body: bytesBody(body), billable: false }
    return ok({ answer: { ...answer, partial: false } })
  }

  #read(retrieval: Retrieval, request: GatewayRequest): AdmittedRead {
    const { space, invoker, range } = retrieval
    const spend = (): Result<Unit, RequestError> => {
      const spent = retrieval.spend()
      return spent.error ? fail(refusal(spent.error)) : spent
    }
    return {
      space,
      invoker,
      request: rangedRequest(request, range),
      leave: leaveOf(retrieval),
      spend,
      receipted: (answered) => this.#receipted(retrieval, answered),
    }
  }

  async #receipted({ task }: Retrieval, answered: Answered): Promise<Answered> {
    const lineOf = async (
      out: Parameters<Retrievals['receipt']>[1],
    ): Promise<readonly HeaderLine[]> => [
      ['X-Agent-Message', await this.#retrievals.receipt(task, out)],
      VARY,
    ]
    if (answered.ok) {
      const headers = [...answered.ok.headers, ...(await lineOf({ ok: {} }))]
      return ok({ ...answered.ok, headers })
    }
    const error = answered.error.name === 'BlockMissing' ? notFound(DENY.none) : answered.error
    if (!(error instanceof RequestError) || NOT_RUN.has(error.name)) return answered
    const { name, message, deny } = error
    const headers = [...error.headers, ...(await lineOf({ error: { name, message } }))]
    return fail(new RequestError(name, message, { headers, deny }))
  }
}

/** `bytes=<first>-<last>` and nothing else: what the invocation covers must be plain. */
function oneRange(header: string): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d{1,15})-(\d{1,15})$/i.exec(header.trim()) ?? []
  if (first === undefined || last === undefined) return undefined
  const range = { first: Number(first), last: Number(last) }
  return range.last < range.first ? undefined : range
}

/** A request for a range and no more: conditions must not make a part a whole. */
function rangedRequest(request: GatewayRequest, { first, last }: ByteRange): GatewayRequest {
  const { method, url, signal, headers } = request
  const get = (name: string): string | null => {
    if (name === 'range') return `bytes=${first}-${last}`
    return name === 'if-range' ? null : headers.get(name)
  }
  return { method, url, signal, headers: { get } }
}

function leaveOf({ space, holds }: Retrieval): Authorizer {
  const verdict = (isHeld: boolean): Awaited<ReturnType<Authorizer['authorize']>> =>
    isHeld
      ? ok({ space, expiresMs: undefined, byToken: true })
      : fail(new Unauthorized(space, `${space} no longer lets who signed have its content`))
  return {
    authorize() {
      const held = holds()
      return held instanceof Promise ? held.then(verdict) : verdict(held === true)
    },
  }
}

function refusal({ fault, message }: RetrievalRefused): RequestError {
  const deny = fault === 'unauthorized' || fault === 'replayed' ? DENY.authorization : DENY.none
  return new RequestError(ERROR_BY_FAULT[fault], message, { headers: [VARY], deny })
}

/**
 * The answer that asks for proofs, as control planes send it.
 *
 * @example
 * const { status, headers, body } = missingProofsAnswer(error)
 */
export function missingProofsAnswer({
  name,
  message,
  proofs,
  keptUntilMs,
}: MissingProofs): ControlAnswer {
  const body = encodeDagJson({ name, message, proofs: proofs.map((cid) => CID.decode(cid)) })
  const headers: HeaderLine[] = [
    ['Content-Type', 'application/json'],
    ['X-UCAN-Cache-Expiry', String(Math.floor(keptUntilMs / SECOND_MS))],
    NO_STORE,
    VARY,
  ]
  return { status: 510, headers, body }
}

/** The answer to an invocation that is refused, as control planes send it. */
export function refusalAnswer({ fault, message }: RetrievalRefused): ControlAnswer {
  const type: HeaderLine = ['Content-Type', 'text/plain; charset=utf-8']
  const headers = [type, NO_STORE, VARY]
  const body = new TextEncoder().encode(`${message}\n`)
  return { status: statusOf(ERROR_BY_FAULT[fault]), headers, body }
}

const SECOND_MS = 1000
