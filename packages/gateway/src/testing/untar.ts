/**
 * A strict reader of TARs: ustar with pax headers, each field checked.
 * @module
 */
import type { TarEntry } from '../format/tar-header.ts'

/** An entry as it was read. */
export interface Untarred extends TarEntry {
  readonly bytes: Uint8Array
}

const TYPES: Readonly<Record<string, TarEntry['type']>> = { 0: 'file', 2: 'symlink', 5: 'folder' }
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Entries of a TAR, headers alone when `withBytes` is false.
 *
 * @throws {Error} for anything that is not as POSIX has it
 */
export function untar(tar: Uint8Array, withBytes: boolean = true): Untarred[] {
  const entries: Untarred[] = []
  let pax = new Map<string, string>()
  let at = 0
  const take = (sizeBytes: number): Uint8Array => {
    const end = at + sizeBytes
    const next = Math.ceil(end / 512) * 512
    if (next > tar.length) throw new Error(`expected ${next} bytes, got ${tar.length}`)
    if (tar.subarray(end, next).some((byte) => byte !== 0)) throw new Error('padding is not zeros')
    const bytes = tar.subarray(at, end)
    at = next
    return bytes
  }
  for (;;) {
    const block = take(512)
    if (block.every((byte) => byte === 0)) break
    const header = readHeader(block)
    if (header.flag === 'x') {
      pax = readPax(take(header.sizeBytes))
      continue
    }
    const entry = entryOf(header, pax)
    pax = new Map()
    entries.push({ ...entry, bytes: withBytes ? take(entry.sizeBytes).slice() : new Uint8Array() })
    if (!withBytes) return entries
  }
  if (tar.length - at !== 512 || tar.subarray(at).some((byte) => byte !== 0))
    throw new Error('end expected to be two blocks of zeros')
  return entries
}

interface RawHeader {
  readonly flag: string
  readonly name: string
  readonly target: string
  readonly sizeBytes: number
  readonly mode: number
  readonly mtimeSeconds: number
}

function readHeader(block: Uint8Array): RawHeader {
  const text = (start: number, length: number): string => {
    const end = block.subarray(start, start + length).indexOf(0)
    return utf8.decode(block.subarray(start, start + (end < 0 ? length : end)))
  }
  const octal = (start: number, length: number): number => {
    const digits = text(start, length).trim()
    if (!/^[0-7]+$/.test(digits)) throw new Error(`octal expected at ${start}, got "${digits}"`)
    return Number.parseInt(digits, 8)
  }
  const sum = block.reduce((all, byte, i) => all + (i >= 148 && i < 156 ? 32 : byte), 0)
  if (octal(148, 8) !== sum) throw new Error('checksum is wrong')
  if (utf8.decode(block.subarray(257, 265)) !== 'ustar\x0000') throw new Error('no ustar')
  const prefix = text(345, 155)
  return {
    flag: text(156, 1),
    name: prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`,
    target: text(157, 100),
    sizeBytes: octal(124, 12),
    mode: octal(100, 8),
    mtimeSeconds: octal(136, 12),
  }
}

function readPax(records: Uint8Array): Map<string, string> {
  const pax = new Map<string, string>()
  for (let at = 0; at < records.length;) {
    const space = records.indexOf(0x20, at)
    const length = Number(utf8.decode(records.subarray(at, space)))
    const record = utf8.decode(records.subarray(space + 1, at + length))
    if (!record.endsWith('\n')) throw new Error(`pax record expected ${length} bytes`)
    const equals = record.indexOf('=')
    pax.set(record.slice(0, equals), record.slice(equals + 1, -1))
    at += length
  }
  return pax
}

function entryOf(header: RawHeader, pax: ReadonlyMap<string, string>): TarEntry {
  const type = TYPES[header.flag]
  if (type === undefined) throw new Error(`type expected 0, 2 or 5, got ${header.flag}`)
  const path = pax.get('path') ?? header.name
  if (path.endsWith('/') !== (type === 'folder')) throw new Error(`${path} is no ${type}`)
  return {
    type,
    path: type === 'folder' ? path.slice(0, -1) : path,
    target: pax.get('linkpath') ?? header.target,
    sizeBytes: Number(pax.get('size') ?? header.sizeBytes),
    mode: header.mode,
    mtimeSeconds: Number(pax.get('mtime') ?? header.mtimeSeconds),
  }
}

/** Entries as a tree by path: bytes of files, targets of symlinks, null for folders. */
export function treeOf(entries: readonly Untarred[]): Map<string, Uint8Array | string | null> {
  return new Map(entries.map((entry) => [entry.path, valueOf(entry)]))
}

function valueOf({ type, bytes, target }: Untarred): Uint8Array | string | null {
  if (type === 'folder') return null
  return type === 'file' ? bytes : target
}
