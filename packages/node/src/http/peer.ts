/**
 * The other side of a connection: a client, or a proxy that speaks for clients.
 * @module
 */
import type { Socket } from 'node:net'
import { type Forwarded, forwardedOf, type HeaderFields } from '@turnpike/gateway/hosts/target'
import { networkOf, type TrustedProxies } from './trusted-proxies.ts'

/** The other side of one connection. Whether it is trusted is found out when that first matters. */
export class Peer {
  readonly #proxies: TrustedProxies
  readonly #socket: Socket
  #trusted: boolean | undefined

  constructor(proxies: TrustedProxies, socket: Socket) {
    this.#proxies = proxies
    this.#socket = socket
  }

  /** What a proxy said of a request's scheme and host, if it is one that is trusted. */
  forwardedOf(fields: HeaderFields): Forwarded | undefined {
    const forwarded = forwardedOf(fields)
    return forwarded === undefined || !this.#isTrusted ? undefined : forwarded
  }

  /** What stands for the client that a request comes from; see {@link networkOf}. */
  networkOf(fields: HeaderFields): string {
    const address = this.#socket.remoteAddress ?? ''
    const forwarded = fields['x-forwarded-for']
    if (forwarded === undefined || !this.#isTrusted) return networkOf(address)
    return networkOf(this.#proxies.clientOf(address, String(forwarded)))
  }

  get #isTrusted(): boolean {
    return (this.#trusted ??= this.#proxies.has(this.#socket.remoteAddress))
  }
}
