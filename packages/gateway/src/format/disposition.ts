/**
 * Content-Disposition: the name to save under, and whether to save or to show.
 * Source: path gateway specification, `filename` and `download`; RFC 6266, RFC 8187.
 * @module
 */
import type { HeaderLine } from '../meter.ts'

/** Whether a browser shows content or saves it. */
export type Disposition = 'inline' | 'attachment'

/**
 * The header for content that has a name of its own. `?filename` gives another, `?download=true`
 * makes it an attachment.
 *
 * @example
 * dispositionOf(new URLSearchParams('filename=a.json'), 'inline', 'x.json')
 * // ['Content-Disposition', 'inline; filename="a.json"; filename*=UTF-8\'\'a.json']
 */
export function dispositionOf(
  params: URLSearchParams,
  otherwise: Disposition,
  name: string,
): HeaderLine {
  const disposition = params.get('download') === 'true' ? 'attachment' : otherwise
  return ['Content-Disposition', withName(disposition, params.get('filename') || name)]
}

/**
 * The header for a file, which needs none unless the query asks: `?filename` names it, and
 * `?download=true`, with or without a name, makes it an attachment.
 */
export function fileDisposition(params: URLSearchParams): HeaderLine | undefined {
  const name = params.get('filename')
  const download = params.get('download') === 'true'
  const disposition = download ? 'attachment' : 'inline'
  if (name) return ['Content-Disposition', withName(disposition, name)]
  return download ? ['Content-Disposition', disposition] : undefined
}

/** The name twice: in ASCII for old clients, each other character as `_`, and in UTF-8. */
function withName(disposition: Disposition, name: string): string {
  const ascii = Array.from(name.toWellFormed(), (c) => (c > '\x7e' ? '_' : c)).join('')
  return `${disposition}; filename="${escapeName(ascii)}"; filename*=UTF-8''${escapeName(name)}`
}

/** Percent-encoded as the field's gateways do it, but for what is an `attr-char` in RFC 8187. */
function escapeName(name: string): string {
  return encodeURIComponent(name.toWellFormed()).replaceAll(
    /['()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
