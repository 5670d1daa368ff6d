/**
 * Plain answers of the service: control plane, not content.
 * @module
 */

/** An answer, whole. */
export interface ServiceAnswer {
  readonly status: number
  /** Without CORS, which is the same for every answer. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

const utf8 = new TextEncoder()

/** A sentence. */
export function textAnswer(
  status: number,
  text: string,
  headers: ServiceAnswer['headers'] = [],
): ServiceAnswer {
  const described = ['Content-Type', 'text/plain; charset=utf-8'] as const
  return { status, headers: [described, NO_STORE, ...headers], body: utf8.encode(`${text}\n`) }
}

/** A value as JSON, which others may keep for `maxAgeSeconds`. */
export function jsonAnswer(value: unknown, maxAgeSeconds: number): ServiceAnswer {
  const caching = maxAgeSeconds === 0 ? 'no-store' : `public, max-age=${maxAgeSeconds}`
  const headers = [
    ['Content-Type', 'application/json'],
    ['Cache-Control', caching],
  ] as const
  return { status: 200, headers, body: utf8.encode(`${JSON.stringify(value, null, 2)}\n`) }
}

/** A CAR. */
export function carAnswer(body: Uint8Array, caching: string): ServiceAnswer {
  const headers = [
    ['Content-Type', 'application/vnd.ipld.car'],
    ['Cache-Control', caching],
  ] as const
  return { status: 200, headers, body }
}

const NO_STORE = ['Cache-Control', 'no-store'] as const
