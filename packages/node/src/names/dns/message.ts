/**
 * DNS messages: the question for TXT records of a name, and what an answer says (RFC 1035
 * section 4, RFC 2308).
 * @module
 */
import { decode, encode, RECURSION_DESIRED } from 'dns-packet'
import type { Answer, DecodedPacket, StringAnswer, TxtAnswer } from 'dns-packet'
import { DNS_CNAMES_MAX, DNS_UDP_BYTES_MAX } from '@turnpike/core/limits/names'

/** A question as it is sent. */
export interface DnsQuery {
  readonly id: number
  /** Asked name, in lower case, without the final dot. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** What DNS says about TXT records of a name. */
export type DnsAnswer =
  | { readonly kind: 'texts'; readonly texts: readonly string[]; readonly ttlMs: number }
  /** No such name, or no such records. The TTL is undefined when no SOA record gave one. */
  | { readonly kind: 'none'; readonly ttlMs: number | undefined }
  /** Nobody knows: `why` ends the sentence "expected an answer, got …". */
  | { readonly kind: 'failed'; readonly why: string; readonly isSilence?: boolean }

/** An answer that did not fit into its datagram: to be asked for again by TCP. */
export const TRUNCATED = 'truncated'

const TTL_S_MAX = 0x7fffffff
const EDNS: Answer = {
  type: 'OPT',
  name: '.',
  udpPayloadSize: DNS_UDP_BYTES_MAX,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
}

/**
 * Writes the question for TXT records, recursion desired, with EDNS(0) for answers up to
 * `DNS_UDP_BYTES_MAX` (RFC 6891).
 *
 * @example
 * socket.send(writeQuery(randomInt(65_536), '_dnslink.example.org').bytes)
 */
export function writeQuery(id: number, name: string): DnsQuery {
  const bytes = encode({
    type: 'query',
    id,
    flags: RECURSION_DESIRED,
    questions: [{ type: 'TXT', name }],
    additionals: [EDNS],
  })
  return { id, name, bytes }
}

/**
 * Reads an answer. Undefined when the message is no answer to the query: garbage, another id,
 * another question.
 *
 * @example
 * const answer = readAnswer(datagram, query)
 */
export function readAnswer(
  message: Uint8Array,
  query: DnsQuery,
): DnsAnswer | typeof TRUNCATED | undefined {
  const packet = decoded(message)
  if (packet === undefined || !answers(packet, query)) return undefined
  if (packet.flag_tc) return TRUNCATED
  // `rcode` stands in the packet, though not in its type.
  const { rcode } = packet as DecodedPacket & { rcode: string }
  if (rcode === 'NXDOMAIN') return { kind: 'none', ttlMs: negativeTtlMs(packet) }
  if (rcode !== 'NOERROR') return { kind: 'failed', why: rcode }
  return textsOf(packet, query.name)
}

function decoded(message: Uint8Array): DecodedPacket | undefined {
  try {
    const packet = decode(Buffer.from(message.buffer, message.byteOffset, message.byteLength))
    // The library reads a record that is cut off as a shorter one, and counts its whole length.
    return decode.bytes <= message.byteLength ? packet : undefined
  } catch {
    return undefined
  }
}

function answers(packet: DecodedPacket, query: DnsQuery): boolean {
  const [question, ...others] = packet.questions ?? []
  return (
    packet.flag_qr &&
    packet.id === query.id &&
    others.length === 0 &&
    question?.type === 'TXT' &&
    question.class === 'IN' &&
    question.name.toLowerCase() === query.name
  )
}

/** TXT records at the end of the CNAMEs that lead on from the asked name. */
function textsOf(packet: DecodedPacket, asked: string): DnsAnswer {
  const records = packet.answers ?? []
  let name = asked
  let ttlS = TTL_S_MAX
  for (let cnames = 0; cnames <= DNS_CNAMES_MAX; cnames++) {
    const here = records.filter((record) => record.name.toLowerCase() === name)
    const texts = here.filter((record): record is TxtAnswer => record.type === 'TXT')
    if (texts.length > 0) {
      const ttls = texts.map(({ ttl }) => boundedTtlS(ttl))
      const ttlMs = Math.min(ttlS, ...ttls) * 1000
      return { kind: 'texts', texts: texts.map(({ data }) => textOf(data)), ttlMs }
    }
    const cname = here.find((record): record is StringAnswer => record.type === 'CNAME')
    if (cname === undefined) return { kind: 'none', ttlMs: negativeTtlMs(packet) }
    name = cname.data.toLowerCase()
    ttlS = Math.min(ttlS, boundedTtlS(cname.ttl))
  }
  return { kind: 'failed', why: `more than ${DNS_CNAMES_MAX} CNAMEs, or a circle of them` }
}

/** The strings of one record, joined; bytes that are no UTF-8 become U+FFFD. */
function textOf(data: unknown): string {
  return new TextDecoder().decode(Buffer.concat(data as readonly Uint8Array[]))
}

/** How long nothing is known to be there: RFC 2308 section 5. */
function negativeTtlMs(packet: DecodedPacket): number | undefined {
  const soa = packet.authorities?.find((record) => record.type === 'SOA')
  if (soa === undefined) return undefined
  return Math.min(boundedTtlS(soa.ttl), boundedTtlS(soa.data.minimum)) * 1000
}

/** A TTL with its highest bit set counts as 0 (RFC 2181 section 8). */
function boundedTtlS(ttl: number | undefined): number {
  return ttl === undefined || ttl > TTL_S_MAX ? 0 : ttl
}
