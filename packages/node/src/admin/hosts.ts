/**
 * Whether a request was meant for this listener: a guard against DNS rebinding.
 * @module
 */

/** Names by which a listener on loopback may be called. */
const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * Whether the Host field names us. A page that somebody opens in a browser on this machine can have
 * its own name resolve to a loopback address, but the field says the name that it used.
 *
 * @example
 * namesUs('localhost:8081', ['admin.example']) // true
 */
export function namesUs(host: string | undefined, further: readonly string[]): boolean {
  if (host === undefined) return false
  const name = host.toLowerCase().replace(/:\d+$/, '')
  return LOOPBACK.has(name) || further.some((known) => bracketed(known) === name)
}

function bracketed(name: string): string {
  const lower = name.toLowerCase()
  return lower.includes(':') && !lower.startsWith('[') ? `[${lower}]` : lower
}
