/**
 * Requests as a proxy in front of a Worker got them.
 * @module
 */
import type { GatewayRequest } from '@turnpike/gateway/request'
import { absoluteUrl, forwardedOf } from '@turnpike/gateway/hosts/target'

/**
 * The request with the scheme and host that `X-Forwarded-Proto` and `-Host` say; as it came where
 * they say nothing, or nothing that makes sense.
 *
 * @example
 * gateway.handle(forwardedRequest(request))
 */
export function forwardedRequest(request: Request): GatewayRequest {
  const { method, url, headers, signal } = request
  const forwarded = forwardedOf({
    'x-forwarded-host': headers.get('x-forwarded-host') ?? undefined,
    'x-forwarded-proto': headers.get('x-forwarded-proto') ?? undefined,
  })
  if (forwarded === undefined) return request
  const asked = absoluteUrl(url, { host: undefined, forwarded })
  return typeof asked === 'string' ? { method, url: asked, headers, signal } : request
}
