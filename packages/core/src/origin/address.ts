/**
 * Addresses of origins: what of them may be said aloud.
 * @module
 */

/**
 * Scheme, host and port of an address: what logs, metrics and faults may name. Userinfo, path and
 * query may carry a secret and stay out.
 *
 * @example
 * originOf('https://user:secret@cdn.example/a.car?token=1') // 'https://cdn.example'
 */
export function originOf(url: string): string {
  const parsed = URL.parse(url)
  if (parsed === null) return 'invalid:'
  return parsed.host === '' ? parsed.protocol : `${parsed.protocol}//${parsed.host}`
}
