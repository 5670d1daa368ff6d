/**
 * `CONNECT` to the gateway itself (RFC 9110 section 9.3.6). There are no tunnels to anywhere else.
 * @module
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { REFUSAL_LINGER_MS } from '@turnpike/core/limits'
import { type Refusal, refuseRaw } from './refusal.ts'

const NOT_US: Refusal = {
  status: 403,
  text: 'Expected CONNECT to this gateway itself, once: it opens no tunnels to others.',
}

/**
 * Answers a `CONNECT`, and hands the socket back to the server that it came from.
 *
 * @param head bytes of the tunnel that came with the request
 */
export function openTunnel(server: Server, socket: Socket, head: Buffer): void {
  // Node set it when it sent an answer before; it would not clear it for the next request.
  socket.setTimeout(0)
  socket.write('HTTP/1.1 200 OK\r\n\r\n')
  if (head.length > 0) socket.unshift(head)
  server.emit('connection', socket)
}

/** Refuses a `CONNECT`, and lets the client read why before the connection closes. */
export function refuseTunnel(socket: Socket): void {
  // The server does not look after this socket any more.
  socket.on('error', () => socket.destroy())
  socket.setTimeout(REFUSAL_LINGER_MS, () => socket.destroy())
  socket.on('end', () => socket.destroySoon())
  socket.resume()
  refuseRaw(socket, NOT_US)
}
