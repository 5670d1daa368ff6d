/**
 * What an operator finds too large to serve as a file.
 * @module
 */
import type { Content } from './format/content.ts'
import type { HeaderLine } from './meter.ts'
import { RequestError } from './errors.ts'
import type { Format } from './negotiate.ts'

/** What a limit of size says holds for the content, until the operator thinks otherwise. */
const KEPT: HeaderLine = ['Cache-Control', 'public, max-age=604800, stale-while-revalidate=2678400']

/** What is served in any size. */
const VERIFIABLE: ReadonlySet<Format> = new Set(['raw', 'car', 'blob'])

/**
 * Why content is not served, by the size of the whole, whatever part was asked for. Blocks and
 * CARs are: who wants the file can make it of them.
 *
 * @returns `ResponseTooLarge`
 * @example
 * refuseTooLarge({ sizeBytes: 2, billable: true }, undefined, 1)?.name // 'ResponseTooLarge'
 */
export function refuseTooLarge(
  { sizeBytes, billable }: Pick<Content, 'sizeBytes' | 'billable'>,
  format: Format | undefined,
  bytesMax: number | undefined,
): RequestError | undefined {
  if (bytesMax === undefined || sizeBytes === undefined || sizeBytes <= bytesMax) return undefined
  if (!billable || (format !== undefined && VERIFIABLE.has(format))) return undefined
  const message =
    `content expected <= ${bytesMax} bytes to be served as a file, got ${sizeBytes}: ` +
    'ask for its blocks (?format=raw) or a CAR (?format=car)'
  return new RequestError('ResponseTooLarge', message, { headers: [KEPT] })
}
