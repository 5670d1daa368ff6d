/**
 * The Accept header: media types with their parameters, the most wanted first.
 * @module
 */

/** One media type that a client takes. */
export interface MediaType {
  /** In lower case, without parameters. */
  readonly type: string
  /** Parameters but `q`, names in lower case, values unquoted. */
  readonly params: ReadonlyMap<string, string>
  /** How much it is wanted: above 0, at most 1. */
  readonly quality: number
}

/**
 * Reads an Accept header (RFC 9110, section 12.5.1): the highest quality first, among equals as
 * they were written. What has quality 0 is left out; a quality that is no number counts as 1.
 *
 * @example
 * parseAccept('text/html;q=0.5, application/vnd.ipld.car; dups=y')[0]?.params.get('dups') // 'y'
 */
export function parseAccept(header: string): MediaType[] {
  const types = header.split(',').map(parseMediaType)
  const taken = types.filter(({ type, quality }) => type !== '' && quality > 0)
  return taken.toSorted((a, b) => b.quality - a.quality)
}

/**
 * Whether a client would rather have a page than a text, as browsers say and programs do not.
 *
 * @example
 * prefersPage('text/html,*\/*;q=0.8') // true
 */
export function prefersPage(accept: string | null): boolean {
  if (accept === null || !/\bhtml\b/i.test(accept)) return false
  const told = parseAccept(accept).find(({ type }) => type === 'text/html' || type === 'text/plain')
  return told?.type === 'text/html'
}

function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';')
  const params = new Map<string, string>()
  let quality = 1
  for (const param of rest) {
    const equals = param.indexOf('=')
    if (equals < 0) continue
    const name = param.slice(0, equals).trim().toLowerCase()
    const value = unquoted(param.slice(equals + 1).trim())
    if (name === 'q') quality = qualityOf(value)
    else params.set(name, value)
  }
  return { type: type.trim().toLowerCase(), params, quality }
}

function qualityOf(text: string): number {
  return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(text) ? Number(text) : 1
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"')
    ? value.slice(1, -1)
    : value
}
