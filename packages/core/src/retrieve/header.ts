/**
 * Agent messages in a header field: `X-Agent-Message: m<base64 of gzip of a CAR>`.
 * Source: Storacha RFC, "UCAN invocations in HTTP headers".
 * @module
 */
import { base64 } from 'multiformats/bases/base64'
import { concatBytes } from '../bytes.ts'
import { AGENT_HEADER_CHARS_MAX, AGENT_HEADER_MESSAGE_BYTES_MAX } from '../limits/ucan.ts'
import { fail, ok, type Result } from '../result.ts'

/** Name of the field, as requests are asked for it. */
export const AGENT_MESSAGE_FIELD = 'x-agent-message'

/** A field's value is longer than anybody need take. */
export class AgentHeaderTooLong extends Error {
  override readonly name = 'AgentHeaderTooLong'
  readonly chars: number
  constructor(chars: number) {
    super(
      `X-Agent-Message expected <= ${AGENT_HEADER_CHARS_MAX} characters, got ${chars}: ` +
        'leave out proofs, and send those that are missing one by one',
    )
    this.chars = chars
  }
}

/** A field's value is no message, or one that unpacks to more than anybody need take. */
export class AgentHeaderMalformed extends Error {
  override readonly name = 'AgentHeaderMalformed'
}

/**
 * Packs a message's CAR into a field's value.
 *
 * @example
 * const packed = await packAgentHeader(car)
 * if (packed.ok) headers['x-agent-message'] = packed.ok
 */
export async function packAgentHeader(
  car: Uint8Array,
): Promise<Result<string, AgentHeaderTooLong>> {
  const packed = await through(car, new CompressionStream('gzip'), Infinity)
  const value = base64.encode(packed!)
  return value.length > AGENT_HEADER_CHARS_MAX
    ? fail(new AgentHeaderTooLong(value.length))
    : ok(value)
}

/**
 * The CAR in a field's value. No more is unpacked than `AGENT_HEADER_MESSAGE_BYTES_MAX`.
 *
 * @example
 * const car = await unpackAgentHeader(request.headers.get('x-agent-message')!)
 */
export async function unpackAgentHeader(
  value: string,
): Promise<Result<Uint8Array, AgentHeaderTooLong | AgentHeaderMalformed>> {
  if (value.length > AGENT_HEADER_CHARS_MAX) return fail(new AgentHeaderTooLong(value.length))
  let car: Uint8Array | undefined
  try {
    const packed = base64.decode(value)
    car = await through(packed, new DecompressionStream('gzip'), AGENT_HEADER_MESSAGE_BYTES_MAX)
  } catch {
    return malformed('multibase base64 ("m…") of what gzip makes')
  }
  if (car === undefined) return malformed(`<= ${AGENT_HEADER_MESSAGE_BYTES_MAX} bytes unpacked`)
  return ok(car)
}

function malformed(expected: string): Result<never, AgentHeaderMalformed> {
  return fail(new AgentHeaderMalformed(`X-Agent-Message expected ${expected}`))
}

/**
 * Sends bytes through a stream and collects what comes out; undefined for more than `bytesMax`.
 *
 * @throws what the stream fails with
 */
async function through(
  bytes: Uint8Array,
  stream: CompressionStream | DecompressionStream,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const source = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream()
  const reader = source.pipeThrough(stream).getReader()
  const chunks: Uint8Array[] = []
  let length = 0
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    length += step.value.length
    if (length > bytesMax) {
      await reader.cancel()
      return undefined
    }
    chunks.push(step.value)
  }
  return concatBytes(chunks)
}
