/**
 * Checks of `multipart/byteranges` bodies (RFC 9110, section 14.6), part by part.
 * @module
 */

/** What several ranges must give. */
export interface MultipartWanted {
  /** The whole content, and its type. */
  readonly content: Uint8Array
  readonly type: string
  /** First and last byte of each part, in order. */
  readonly ranges: readonly (readonly [first: number, last: number])[]
}

/** What a multipart body has that it must not, or lacks. */
export function multipartFaults(
  { content, type, ranges }: MultipartWanted,
  got: { readonly headers: Readonly<Record<string, unknown>>; readonly body: Uint8Array },
): string[] {
  const boundary = /^multipart\/byteranges; boundary=([\w-]{1,70})$/.exec(
    String(got.headers['content-type']),
  )?.[1]
  if (boundary === undefined) return ['content-type expected multipart/byteranges with a boundary']
  const parts = ranges.map(([first, last]) => {
    const head =
      `--${boundary}\r\ncontent-type: ${type}\r\n` +
      `content-range: bytes ${first}-${last}/${content.length}\r\n\r\n`
    return head + latin1(content.subarray(first, last + 1))
  })
  const expected = `${parts.join('\r\n')}\r\n--${boundary}--\r\n`
  const text = latin1(got.body).replaceAll(/^content-(?:type|range):/gim, (c) => c.toLowerCase())
  return text === expected ? [] : [`parts expected ${expected}, got ${text}`]
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
