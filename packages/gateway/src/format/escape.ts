/**
 * Escaping for pages and paths.
 * @module
 */

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&#34;',
  "'": '&#39;',
}

/** Text for HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!)
}

/** Text for HTML outside of tags, where quotes may stand as they are. */
export function escapeText(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => ENTITIES[character]!)
}

/**
 * One path segment, percent-encoded as Go's gateways write it: RFC 3986 unreserved characters and
 * `$&+=:@` stay.
 *
 * @example
 * escapeSegment('foo? #<\'') // 'foo%3F%20%23%3C%27'
 */
export function escapeSegment(name: string): string {
  return encodeURIComponent(name)
    .replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll(/%(24|26|2B|3D|3A|40)/g, (escaped) => decodeURIComponent(escaped))
}

/** Bytes for people: `1.5 MiB`. */
export function humanBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return unit === 0 ? `${value} B` : `${value.toFixed(value < 10 ? 1 : 0)} ${units[unit]}`
}
