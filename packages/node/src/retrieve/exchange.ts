/**
 * Fetching a range from a node that wants to be shown why: the invocation, then what it misses.
 * Source: Storacha RFC, "UCAN invocations in HTTP headers".
 * @module
 */
import type { IncomingMessage } from 'node:http'
import { keyOf, type BytesKey } from '@turnpike/core/bytes'
import { MISSING_PROOFS_BYTES_MAX } from '@turnpike/core/limits/ucan'
import { linkFromString, linkToBytes } from '@turnpike/core/link'
import { OriginFault } from '@turnpike/core/ports/blob'
import { fail, ok, type Result } from '@turnpike/core/result'
import { AGENT_MESSAGE_FIELD } from '@turnpike/core/retrieve/header'
import { partHeader, wholeHeader, type SignedRetrieval } from '@turnpike/core/retrieve/invoke'
import type { MessageBlock } from '@turnpike/core/retrieve/message'
import { nodeHasher } from '../hasher.ts'
import { openSent, sendRange, type OpenedRange, type RangeQuery } from '../origins/range-request.ts'
import type { HttpTransport } from '../origins/transport.ts'

/** An opened range, and whether it was the invocation that opened it. */
export interface ShownRange extends OpenedRange {
  /** Whether a receipt came with it: without one, the origin is open to all. */
  readonly receipted: boolean
}

/**
 * Opens a range by an invocation: whole, if it fits into a header field, else without its proofs,
 * each of which is then sent as it is asked for.
 *
 * @example
 * await openShown(transport, query, await invoker.invoke(guard, wish, signal), signal)
 */
export async function openShown(
  transport: HttpTransport,
  query: RangeQuery,
  signed: SignedRetrieval,
  signal: AbortSignal,
): Promise<Result<ShownRange, OriginFault>> {
  const { provider } = query
  const parts = new Map(signed.proofs)
  const { link } = signed.invocation
  parts.set(keyOf(linkToBytes(link)), signed.invocation)
  const whole = await wholeHeader(signed, nodeHasher)
  let isWhole = whole.ok !== undefined
  let part: MessageBlock = signed.invocation
  const turnsMax = parts.size + 2
  for (let turn = 0; turn < turnsMax; turn++) {
    const header = isWhole ? whole : await partHeader(signed, part, nodeHasher)
    if (header.error) return fail(refused(provider, 'proofs that fit into a header field'))
    const headers = { ...query.headers, [AGENT_MESSAGE_FIELD]: header.ok }
    const sent = await sendRange(transport, { ...query, headers }, signal)
    if (sent.error) return sent
    const { request, response } = sent.ok
    if (response.statusCode === 431 && isWhole) {
      isWhole = false
      request.destroy()
    } else if (response.statusCode === 510) {
      isWhole = false
      const missing = await missingIn(response)
      const next = missing.find((key) => parts.has(key))
      if (next === undefined) {
        request.destroy()
        return fail(refused(provider, 'proofs that are here'))
      }
      part = parts.get(next)!
      parts.delete(next)
    } else {
      const opened = openSent(query, sent.ok, transport.timeouts, signal)
      const receipted = response.headers[AGENT_MESSAGE_FIELD] !== undefined
      return opened.error ? opened : ok({ ...opened.ok, receipted })
    }
  }
  return fail(refused(provider, `an exchange of <= ${turnsMax} requests`))
}

function refused(provider: string, expected: string): OriginFault {
  const message = `origin ${provider} expected to ask for ${expected}, asked for more`
  return new OriginFault('OriginForbidden', provider, message)
}

/** CIDs in the body of a 510: DAG-JSON `{ proofs: [{ "/": "bafy…" }] }`. None for anything else. */
async function missingIn(response: IncomingMessage): Promise<readonly BytesKey[]> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      length += chunk.length
      if (length > MISSING_PROOFS_BYTES_MAX) return []
      chunks.push(chunk)
    }
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { readonly proofs?: unknown }
    const proofs: readonly unknown[] = Array.isArray(body.proofs) ? body.proofs : []
    return proofs.flatMap((proof) => {
      const link = linkFromString(String((proof as { '/': unknown } | null)?.['/']))
      return link === undefined ? [] : [keyOf(linkToBytes(link))]
    })
  } catch {
    return []
  }
}
