/**
 * Headers of TAR entries: ustar, and before it what ustar can't say in a pax header.
 * Source: POSIX.1-2017, pax, sections "ustar Interchange Format" and "pax Extended Header".
 * @module
 */
import { concatBytes } from '@turnpike/core/bytes'

/** Everything in a TAR begins at a multiple of this. */
export const TAR_BLOCK_BYTES = 512

/** What ends a TAR: two blocks of zeros. */
export const TAR_END: Uint8Array = new Uint8Array(2 * TAR_BLOCK_BYTES)

/** One entry of a TAR. Names and targets have no NUL, and no lone surrogates. */
export interface TarEntry {
  readonly type: 'file' | 'folder' | 'symlink'
  /** Names joined by `/`, without one at the end. */
  readonly path: string
  /** Bytes of a file that follow the header; 0 for others. */
  readonly sizeBytes: number
  /** Permissions: at most 0o7777. */
  readonly mode: number
  /** Seconds since 1970. */
  readonly mtimeSeconds: number
  /** Where a symlink leads; empty for others. */
  readonly target: string
}

const TYPE_FLAGS = { file: '0', symlink: '2', folder: '5', pax: 'x' } as const

/** The largest number in a field of eleven octal digits: 8 GiB - 1. */
const OCTAL_MAX = 8 ** 11 - 1
const NAME_BYTES_MAX = 100
const PREFIX_BYTES_MAX = 155

/** Fields of one header block as they are written. */
interface Header {
  readonly type: keyof typeof TYPE_FLAGS
  readonly name: string
  readonly prefix: string
  readonly target: string
  readonly sizeBytes: number
  readonly mode: number
  readonly mtimeSeconds: number
}

const utf8 = new TextEncoder()

/**
 * The header of an entry: one block, or more where a name is long or not printable ASCII, or a
 * number large.
 *
 * @example
 * const entry = { path: 'a', sizeBytes: 5, mode: 0o644, mtimeSeconds: 0, target: '' }
 * tarHeader({ type: 'file', ...entry }).length // 512
 */
export function tarHeader(entry: TarEntry): Uint8Array {
  const path = entry.type === 'folder' ? `${entry.path}/` : entry.path
  const records: string[] = []
  const split = isAscii(path) ? splitPath(path) : undefined
  if (split === undefined) records.push(paxRecord('path', path))
  const targetFits = isAscii(entry.target) && entry.target.length <= NAME_BYTES_MAX
  if (!targetFits) records.push(paxRecord('linkpath', entry.target))
  const { sizeBytes, mtimeSeconds } = entry
  if (sizeBytes > OCTAL_MAX) records.push(paxRecord('size', String(sizeBytes)))
  if (mtimeSeconds > OCTAL_MAX) records.push(paxRecord('mtime', String(mtimeSeconds)))
  const header = headerBlock({
    type: entry.type,
    ...(split ?? { name: asciiStart(path), prefix: '' }),
    target: targetFits ? entry.target : asciiStart(entry.target),
    sizeBytes: sizeBytes > OCTAL_MAX ? 0 : sizeBytes,
    mode: entry.mode,
    mtimeSeconds: mtimeSeconds > OCTAL_MAX ? 0 : mtimeSeconds,
  })
  return records.length === 0 ? header : concatBytes([...paxBlocks(records.join('')), header])
}

/**
 * Zeros that fill up the last block of `sizeBytes` bytes.
 *
 * @example
 * tarPadding(513).length // 511
 */
export function tarPadding(sizeBytes: number): Uint8Array {
  const over = sizeBytes % TAR_BLOCK_BYTES
  return TAR_END.subarray(0, over === 0 ? 0 : TAR_BLOCK_BYTES - over)
}

/** A path in the two fields of ustar; undefined where it does not fit them. */
function splitPath(path: string): { readonly name: string; readonly prefix: string } | undefined {
  if (path.length <= NAME_BYTES_MAX) return { name: path, prefix: '' }
  const slash = path.indexOf('/', path.length - NAME_BYTES_MAX - 1)
  if (slash <= 0 || slash > PREFIX_BYTES_MAX || slash === path.length - 1) return undefined
  return { name: path.slice(slash + 1), prefix: path.slice(0, slash) }
}

function paxBlocks(text: string): Uint8Array[] {
  const records = utf8.encode(text)
  const sizeBytes = records.length
  const fields = { name: 'PaxHeader', prefix: '', target: '', mode: 0o644, mtimeSeconds: 0 }
  return [headerBlock({ type: 'pax', ...fields, sizeBytes }), records, tarPadding(sizeBytes)]
}

/** A record begins with its own length in bytes, the digits of the length included. */
function paxRecord(key: string, value: string): string {
  const restBytes = utf8.encode(` ${key}=${value}\n`).length
  let digits = 1
  while (String(restBytes + digits).length > digits) digits++
  return `${restBytes + digits} ${key}=${value}\n`
}

function headerBlock(header: Header): Uint8Array {
  const block = new Uint8Array(TAR_BLOCK_BYTES)
  const put = (text: string, at: number): void => {
    utf8.encodeInto(text, block.subarray(at))
  }
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
  put(header.name, 0)
  put(octal(header.mode, 7), 100)
  put(octal(0, 7), 108)
  put(octal(0, 7), 116)
  put(octal(header.sizeBytes, 11), 124)
  put(octal(header.mtimeSeconds, 11), 136)
  // The checksum is taken with its own field full of spaces.
  put('        ', 148)
  put(TYPE_FLAGS[header.type], 156)
  put(header.target, 157)
  put('ustar\x0000', 257)
  put(header.prefix, 345)
  const sum = block.reduce((total, byte) => total + byte, 0)
  put(`${octal(sum, 6)}\0`, 148)
  return block
}

/** Whether a text is of printable ASCII, which every reader shows alike. */
function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text)
}

/** What readers that know no pax see: the ASCII of a name, as much as there is room for. */
function asciiStart(text: string): string {
  return text.slice(0, NAME_BYTES_MAX).replaceAll(/[^ -~]/g, '_')
}
