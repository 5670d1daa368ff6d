/**
 * Content types: by the name's extension, else by the first bytes.
 * @module
 */
import { SNIFF_BYTES_MAX } from '@turnpike/core/limits'
import { lookup } from 'mrmime'

/** What content starts with, by type. Source: WHATWG MIME Sniffing, section 6. */
const SIGNATURES: readonly (readonly [type: string, offset: number, bytes: string])[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
  ['application/pdf', 0, '%PDF-'],
  ['application/zip', 0, 'PK\x03\x04'],
  ['application/gzip', 0, '\x1f\x8b'],
  ['application/wasm', 0, '\0asm'],
  ['audio/mpeg', 0, 'ID3'],
  ['audio/wav', 8, 'WAVE'],
  ['application/ogg', 0, 'OggS'],
  ['video/mp4', 4, 'ftyp'],
  ['video/webm', 0, '\x1a\x45\xdf\xa3'],
  ['font/woff2', 0, 'wOF2'],
]

const MARKUP: readonly (readonly [type: string, start: RegExp])[] = [
  ['text/html', /^\s*<(!doctype html|html|head|body|script|h1)\b/i],
  ['image/svg+xml', /^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<svg\b/i],
  ['text/xml', /^\s*<\?xml\b/],
]

const CHARSET = '; charset=utf-8'

/** Types that are text though they do not start with `text/`. */
const TEXTUAL = new Set(['application/javascript', 'application/xml', 'image/svg+xml'])

/**
 * Type by the extension of a name; undefined when the name has none that is known. HTML comes
 * without a charset, so that the page's own declaration counts, JSON because it has none.
 *
 * @example
 * typeOfName('notes.txt') // 'text/plain; charset=utf-8'
 */
export function typeOfName(name: string): string | undefined {
  const type = name.includes('.') ? lookup(name) : undefined
  return type === undefined ? undefined : withCharset(type)
}

/**
 * Type by the first bytes of content.
 *
 * @example
 * typeOfBytes(new TextEncoder().encode('hello')) // 'text/plain; charset=utf-8'
 */
export function typeOfBytes(content: Uint8Array): string {
  const head = content.subarray(0, SNIFF_BYTES_MAX)
  const binary = SIGNATURES.find(([, offset, bytes]) => hasAt(head, offset, bytes))
  if (binary !== undefined) return binary[0]
  const text = asText(head)
  if (text === undefined) return 'application/octet-stream'
  const markup = MARKUP.find(([, start]) => start.test(text))
  if (markup !== undefined) return withCharset(markup[0])
  if (isJson(text, content.length)) return 'application/json'
  return `text/plain${CHARSET}`
}

function withCharset(type: string): string {
  if (type === 'text/html') return type
  return type.startsWith('text/') || TEXTUAL.has(type) ? type + CHARSET : type
}

function hasAt(head: Uint8Array, offset: number, bytes: string): boolean {
  if (head.length < offset + bytes.length) return false
  for (let i = 0; i < bytes.length; i++) if (head[offset + i] !== bytes.charCodeAt(i)) return false
  return true
}

/** The bytes as UTF-8 text, or undefined when they are not: a cut last character is let pass. */
function asText(head: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    // eslint-disable-next-line no-control-regex -- control characters are what tells binary
    return /[\0-\x08\x0e-\x1a\x1c-\x1f]/.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

function isJson(text: string, sizeBytes: number): boolean {
  if (!/^\s*[[{]/.test(text) || sizeBytes > SNIFF_BYTES_MAX) return false
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
