/**
 * How services of claims are asked.
 * Sources: Storacha, indexing service (`GET /claims`) and content claims service
 * (`GET /claims/multihash/…`), as their servers answer.
 * @module
 */
import {
  SERVICE_ANSWER_BYTES_MAX,
  SERVICE_CLAIMS_MAX,
  SERVICE_QUESTIONS_MAX,
} from '@turnpike/core/limits/claims'
import {
  decodeClaimsCar,
  decodeQueryResult,
  NO_ANSWER,
  type ServiceAnswer,
} from '@turnpike/core/locate/answers'
import { fail, ok, type Result } from '@turnpike/core/result'
import { base58btc } from 'multiformats/bases/base58'
import { nodeHasher } from '../hasher.ts'
import type { HttpTransport } from '../origins/transport.ts'
import { getAnswer } from './get-answer.ts'
import { inTurns } from './in-turns.ts'
import type { Dialect, Question } from './service.ts'

type Transport = Pick<HttpTransport, 'send'>

/**
 * An indexing service.
 *
 * @param base its URL; `/claims` is appended
 * @example
 * const service = new Service(name, indexingService('https://indexer.example', transport), deps)
 */
export function indexingService(base: string, transport: Transport): Dialect {
  return {
    ofNoSpace: false,
    async ask({ multihashes, type, space }, signal) {
      const url = new URL(`${trimmed(base)}/claims`)
      for (const hash of multihashes) url.searchParams.append('multihash', base58btc.encode(hash))
      url.searchParams.set('type', type)
      if (space !== undefined) url.searchParams.set('spaces', space)
      return answerOf(transport, url, (bytes) => decodeQueryResult(bytes, nodeHasher), signal)
    },
  }
}

/**
 * A content claims service. It takes one multihash at a time, and knows no spaces.
 *
 * @param base its URL; `/claims/multihash/…` is appended
 */
export function claimsService(base: string, transport: Transport): Dialect {
  const one = (hash: Uint8Array, signal: AbortSignal): Promise<Result<ServiceAnswer, Error>> => {
    const url = new URL(`${trimmed(base)}/claims/multihash/${base58btc.encode(hash)}`)
    url.searchParams.set('walk', 'parts,includes')
    return answerOf(transport, url, (bytes) => decodeClaimsCar(bytes, nodeHasher), signal)
  }
  return {
    ofNoSpace: false,
    async ask({ multihashes }: Question, signal) {
      const ask = (hash: Uint8Array): Promise<Result<ServiceAnswer, Error>> => one(hash, signal)
      const answers = await inTurns(multihashes, SERVICE_QUESTIONS_MAX, ask)
      const failed = answers.find(({ error }) => error !== undefined)
      if (failed?.error) return fail(failed.error)
      const claims = answers.flatMap((answer) => answer.ok?.claims ?? [])
      return ok({ claims: claims.slice(0, SERVICE_CLAIMS_MAX), indexes: [] })
    },
  }
}

async function answerOf(
  transport: Transport,
  url: URL,
  decode: (bytes: Uint8Array) => Result<ServiceAnswer, Error>,
  signal: AbortSignal,
): Promise<Result<ServiceAnswer, Error>> {
  const accept = 'application/vnd.ipld.car, */*;q=0.1'
  const asked = await getAnswer(
    transport,
    { url, accept, bytesMax: SERVICE_ANSWER_BYTES_MAX },
    signal,
  )
  if (asked.error) return asked
  return asked.ok.found === undefined ? ok(NO_ANSWER) : decode(asked.ok.found.bytes)
}

function trimmed(base: string): string {
  return base.replace(/\/+$/, '')
}
