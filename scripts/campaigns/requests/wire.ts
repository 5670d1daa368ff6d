/**
 * Requests as bytes on a socket, nearly right, against a real server: each gets an answer that HTTP
 * knows or a closed connection, and the server goes on.
 * @module
 */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../rig/random.ts'
import * as grammar from './grammar.ts'
import { mutate } from './mutate.ts'

/** Time for a server to answer or to hang up, where the request was whole. */
const ANSWER_MS = 500
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'CONNECT', 'get', 'FOO']
const FIELDS = ['Range: bytes=0-1', 'Accept: */*', 'Connection: close', 'Connection: upgrade']
FIELDS.push('Upgrade: h2c', 'Content-Length: 5', 'Content-Length: -1', 'Expect: 100-continue')
FIELDS.push('Transfer-Encoding: chunked', 'X-Forwarded-Host: a.example', 'X-Forwarded-Proto: https')
FIELDS.push('Host: other.example', 'X-Forwarded-For: 1.2.3.4', 'If-None-Match: *', 'Trailer: x')
const TOKENS = [
  ...FIELDS,
  '\r\n',
  '\r\n\r\n',
  '\n',
  ' ',
  ':',
  '\0',
  'HTTP/1.0',
  'HTTP/2.0',
  ' \r\n',
]

/** Bytes of a request, as latin1 text. */
export function wireText(random: Random): string {
  const target = [grammar.pathText, grammar.urlText, grammar.hostText][random.below(3)]!(random)
  const path = random.below(3) === 0 ? '/ipfs/bafkqaaa' : target.replaceAll(/[^!-ÿ]/g, '')
  const fields = Array.from({ length: random.below(4) }, () => random.pick(FIELDS))
  const head = [`${random.pick(METHODS)} ${path} HTTP/1.1`, `Host: ${grammar.hostText(random)}`]
  const text = `${[...head, ...fields].join('\r\n')}\r\n\r\n${random.below(4) === 0 ? 'hello' : ''}`
  return random.below(2) === 0 ? text : mutate(random, text, TOKENS)
}

/** Sends bytes; what came back, until the server hung up or was silent for a while. */
export async function sendWire(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.on('error', () => {})
  const closed = once(socket, 'close').catch(() => {})
  await once(socket, 'connect')
  socket.end(Buffer.from(text, 'latin1'))
  const waited = new AbortController()
  await Promise.race([closed, sleep(ANSWER_MS, undefined, waited).catch(() => {})])
  waited.abort()
  socket.destroy()
  await closed
  return Buffer.concat(chunks).toString('latin1')
}

/** What is wrong with what came back, if anything is. */
export function wireFaults(answer: string): string[] {
  if (answer === '') return []
  const status = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n/.exec(answer)?.[1]
  if (status === undefined) return [`no HTTP: ${JSON.stringify(answer.slice(0, 100))}`]
  return status === '500' ? [`status 500: ${answer.slice(0, 300)}`] : []
}
