/**
 * DNS over HTTPS (RFC 8484).
 * @module
 */
import { DNS_MESSAGE_BYTES_MAX } from '@turnpike/core/limits/names'
import type { HttpTransport, OriginResponse } from '../../origins/transport.ts'
import { readAnswer, TRUNCATED, writeQuery, type DnsAnswer } from './message.ts'

const MESSAGE_TYPE = 'application/dns-message'

/**
 * Asks a DNS-over-HTTPS server for TXT records of a name. Any failure, and the signal's end, is an
 * answer that says so. TTLs are less by the time that HTTP caches kept the answer (section 5.1).
 */
export async function askByHttps(
  transport: HttpTransport,
  url: URL,
  name: string,
  signal: AbortSignal,
): Promise<DnsAnswer> {
  // Id 0, so that caches see one URL for one question (section 4.1): TLS says who answers.
  const query = writeQuery(0, name)
  const asked = new URL(url)
  asked.searchParams.set('dns', Buffer.from(query.bytes).toString('base64url'))
  const headers = { accept: MESSAGE_TYPE }
  const provider = url.origin
  const sent = await transport.send({ url: asked, headers, provider }, signal)
  if (sent.error) return failed(signal.aborted ? 'silence' : sent.error.message)
  const body = await bodyOf(sent.ok, signal)
  if (typeof body === 'string') return failed(`${body} from ${provider}`)
  const answer = readAnswer(body, query)
  if (answer === undefined || answer === TRUNCATED) return failed(`something else from ${provider}`)
  return aged(answer, Number(sent.ok.response.headers.age ?? 0))
}

function failed(why: string): DnsAnswer {
  return { kind: 'failed', why }
}

/** The message, or what came in its place. */
async function bodyOf(
  { request, response }: OriginResponse,
  signal: AbortSignal,
): Promise<Uint8Array | string> {
  const leave = (): void => void request.destroy()
  signal.addEventListener('abort', leave)
  try {
    if (response.statusCode !== 200) return `status ${response.statusCode}`
    const type = response.headers['content-type']
    if (type?.split(';')[0] !== MESSAGE_TYPE) return 'no DNS message'
    const chunks: Uint8Array[] = []
    let bytes = 0
    for await (const chunk of response as AsyncIterable<Uint8Array>) {
      bytes += chunk.length
      if (bytes > DNS_MESSAGE_BYTES_MAX) return `more than ${DNS_MESSAGE_BYTES_MAX} bytes`
      chunks.push(chunk)
    }
    return Buffer.concat(chunks)
  } catch {
    return 'a body that broke off'
  } finally {
    signal.removeEventListener('abort', leave)
    if (!response.readableEnded) leave()
  }
}

function aged(answer: DnsAnswer, ageS: number): DnsAnswer {
  if (answer.kind === 'failed' || answer.ttlMs === undefined || !(ageS > 0)) return answer
  return { ...answer, ttlMs: Math.max(0, answer.ttlMs - ageS * 1000) }
}
