/**
 * What becomes of an answer where somebody's plan may end: it is refused, or its body is cut.
 * @module
 */
import type { BodySource } from '@turnpike/core/body'
import { DENY } from '@turnpike/core/log/entry'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { QuotaGate, QuotaLease, QuotaRefused } from '@turnpike/core/ports/quota'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import { RequestError } from '../errors.ts'
import type { Representation } from '../format/serve.ts'
import type { ReadRecorder } from '../meter.ts'

const SECOND_MS = 1000

/** The plan of who pays for a body let some of it be sent, and ended before the rest was. */
export class QuotaEnded extends Error {
  override readonly name = 'QuotaEnded'
  constructor(bytes: number) {
    super(`quota expected to hold until the body was sent, ended after ${bytes} bytes`)
  }
}

/** An answer, and the quota that its body draws on, if it does on any. */
export interface Paid {
  readonly outcome: Result<Representation, Error>
  readonly lease: QuotaLease | undefined
}

/** What a reader is told when the plan of who pays has ended. */
export function quotaError({ name, message, waitMs }: QuotaRefused): RequestError {
  const headers =
    waitMs === undefined ? [] : [['Retry-After', String(Math.ceil(waitMs / SECOND_MS))] as const]
  return new RequestError(name, message, { headers, deny: DENY.payment })
}

/**
 * Takes quota for an answer whose body is billed. Others cost nothing: errors, HEAD, what has not
 * changed.
 *
 * @returns the answer, or a refusal in its place
 */
export function takeQuota(
  gate: QuotaGate | undefined,
  space: string,
  answer: Result<Representation, Error>,
): Awaitable<Paid> {
  if (gate === undefined || !answer.ok?.billable || answer.ok.body.length === 0)
    return { outcome: answer, lease: undefined }
  const represented = answer.ok
  const opened = gate.open(space as SpaceDid, represented.body.length)
  if (!(opened instanceof Promise)) return paid(represented, opened)
  return opened.then((lease) => paid(represented, lease))
}

function paid(represented: Representation, lease: Result<QuotaLease, QuotaRefused>): Paid {
  const { body } = represented
  if (lease.ok?.bytesMax === Infinity) return { outcome: ok(represented), lease: undefined }
  if (lease.ok)
    return { outcome: ok({ ...represented, body: paidBody(body, lease.ok) }), lease: lease.ok }
  // Its first chunk was read already, and holds buffers.
  body.open(AbortSignal.abort()).close()
  return { outcome: fail(quotaError(lease.error)), lease: undefined }
}

/** A body that fails, and so breaks its connection, where its quota ends. */
export function paidBody(source: BodySource, lease: QuotaLease): BodySource {
  return {
    length: source.length,
    open(signal) {
      const reader = source.open(signal)
      let bytes = 0
      const judged = (chunk: Uint8Array, holds: boolean): Uint8Array => {
        if (holds) return chunk
        reader.close()
        throw new QuotaEnded(bytes - chunk.length)
      }
      const check = (chunk: Uint8Array | null): Awaitable<Uint8Array | null> => {
        if (chunk === null) return null
        bytes += chunk.length
        if (bytes <= lease.bytesMax) return chunk
        const holds = lease.extend(bytes)
        if (!(holds instanceof Promise)) return judged(chunk, holds)
        return holds.then((still) => judged(chunk, still))
      }
      const read = (): Awaitable<Uint8Array | null> => {
        const chunk = reader.read()
        return chunk instanceof Promise ? chunk.then(check) : check(chunk)
      }
      return { read, close: () => reader.close() }
    },
  }
}

/** Gives the rest of a body's quota back when its entry is in the journal. */
export function paidRecorder(recorder: ReadRecorder, lease: QuotaLease): ReadRecorder {
  return {
    start: () => recorder.start(),
    mark: (bytes) => recorder.mark(bytes),
    executed: (execution) => recorder.executed(execution),
    end(delivery) {
      recorder.end(delivery)
      // What went out with another status is not content, and is not billed.
      lease.end(delivery.status === undefined ? delivery.bytes : 0)
    },
  }
}
