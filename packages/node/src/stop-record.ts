/**
 * Records of a clean stop: length and SHA-256 of files whose own bytes don't say what they must
 * be, so that a later change of them is found.
 *
 * Text, one file a line: `sha256  length  name`, in the order of names. The last line is that of
 * the lines before it, by the name of the record itself.
 * @module
 */
import { createHash, hash } from 'node:crypto'
import { createReadStream, type Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** A file as it was at the stop. */
export interface StoppedFile {
  /** Its path from the folder of the record, with `/`. */
  readonly name: string
  readonly sizeBytes: number
  /** SHA-256 in hex. */
  readonly sha256: string
}

const LINE = /^([0-9a-f]{64}) {2}(\d{1,15}) {2}([^\s/][^\s]*)$/
const RECORD = 'clean'

/**
 * The file at `name` in `folder` as it is now; undefined when there is none.
 *
 * @example
 * const file = await stoppedFile('/data/journal/0', 'durable')
 */
export async function stoppedFile(folder: string, name: string): Promise<StoppedFile | undefined> {
  const path = join(folder, name)
  const sha256 = createHash('sha256')
  let stats: Stats
  try {
    stats = await stat(path)
    await pipeline(createReadStream(path), sha256)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
  return { name, sizeBytes: stats.size, sha256: sha256.digest('hex') }
}

/**
 * The file of `bytes` by its `name`.
 *
 * @example
 * fileStoppedAs('checkpoint', bytes).sha256
 */
export function fileStoppedAs(name: string, bytes: Uint8Array): StoppedFile {
  return { name, sizeBytes: bytes.length, sha256: hash('sha256', bytes) }
}

/**
 * A record of `files`.
 *
 * @example
 * await writeFileDurable(path, encodeStopRecord(files))
 */
export function encodeStopRecord(files: readonly StoppedFile[]): Uint8Array {
  const ordered = files.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const lines = ordered.map(lineOf).join('')
  return Buffer.from(lines + lineOf(ownLine(lines)))
}

/**
 * The files of a record; undefined for text that is none.
 *
 * @example
 * const files = parseStopRecord(await readFile(path, 'utf8'))
 */
export function parseStopRecord(text: string): readonly StoppedFile[] | undefined {
  const lines = text.split('\n')
  if (lines.pop() !== '') return undefined
  const own = lines.pop()
  const body = lines.map((line) => `${line}\n`).join('')
  if (`${own}\n` !== lineOf(ownLine(body))) return undefined
  const files = lines.map(fileOf)
  return files.includes(undefined) ? undefined : (files as StoppedFile[])
}

function ownLine(lines: string): StoppedFile {
  return fileStoppedAs(RECORD, Buffer.from(lines))
}

function lineOf({ sha256, sizeBytes, name }: StoppedFile): string {
  return `${sha256}  ${sizeBytes}  ${name}\n`
}

function fileOf(line: string): StoppedFile | undefined {
  const [, sha256, sizeBytes, name] = LINE.exec(line) ?? []
  if (name === undefined) return undefined
  return { name, sizeBytes: Number(sizeBytes), sha256: sha256! }
}
