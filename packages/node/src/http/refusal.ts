/**
 * Answers to what never becomes a request: malformed or oversized HTTP, and our own faults. They
 * carry a plain sentence, no content, no stack, and close the connection.
 * @module
 */
import { STATUS_CODES, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { COMMON_HEADERS } from '@turnpike/gateway/plain-answer'

/** A refusal: status, and one sentence that says what was expected. */
export interface Refusal {
  readonly status: number
  readonly text: string
}

/** Bounds of a request's head that a refusal tells. */
export interface HeadBounds {
  readonly urlCharsMax: number
  readonly headersBytesMax: number
}

/** The refusal of a request target that is too long. */
export function urlTooLong({ urlCharsMax }: HeadBounds): Refusal {
  return { status: 414, text: `Expected a URL of at most ${urlCharsMax} characters.` }
}

/** The last resort when the gateway itself breaks. */
export const BROKEN: Refusal = {
  status: 500,
  text: 'Something broke here while answering. It was noted; please try again.',
}

function linesOf({ text }: Refusal): string[] {
  return [
    'Content-Type',
    'text/plain; charset=utf-8',
    'Content-Length',
    String(Buffer.byteLength(text) + 1),
    'X-Content-Type-Options',
    'nosniff',
    'Cache-Control',
    'no-store',
    ...COMMON_HEADERS.flat(),
    'Connection',
    'close',
  ]
}

/** Answers a parsed request with a refusal. The connection closes after it. */
export function refuse(response: ServerResponse, refusal: Refusal): void {
  response.writeHead(refusal.status, linesOf(refusal))
  response.end(`${refusal.text}\n`)
}

/** Answers bytes that are no request with a refusal, and ends our side of the connection. */
export function refuseRaw(socket: Socket, refusal: Refusal): void {
  const lines = linesOf(refusal)
  let head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}\r\n`
  for (let index = 0; index < lines.length; index += 2) {
    head += `${lines[index]}: ${lines[index + 1]}\r\n`
  }
  socket.end(`${head}\r\n${refusal.text}\n`)
}

/** What Node's HTTP parser tells with an error. */
export interface ParserError extends Error {
  readonly code?: string
  readonly rawPacket?: Uint8Array
}

/**
 * The refusal for an error of Node's HTTP parser. It counts request line and fields together; a
 * packet without any line end is taken for a part of a URL that is too long.
 */
export function refusalOf(error: ParserError, bounds: HeadBounds): Refusal {
  switch (error.code) {
    case 'HPE_HEADER_OVERFLOW':
      if (error.rawPacket !== undefined && !error.rawPacket.includes(0x0a))
        return urlTooLong(bounds)
      return {
        status: 431,
        text: `Expected at most ${bounds.headersBytesMax} bytes of request line and header fields.`,
      }
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, text: 'Expected the whole request sooner.' }
    default:
      return { status: 400, text: 'Expected an HTTP/1.1 request, got something else.' }
  }
}
