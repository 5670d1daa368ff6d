/**
 * Where the process that owns a data folder listens for commands.
 * @module
 */
import { createHash } from 'node:crypto'
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/**
 * Bytes of a socket's path: `sun_path` has 104 on macOS and 108 on Linux, closing zero included.
 */
const SOCKET_PATH_BYTES_MAX = 103

/** A socket's path, and how to remove it. */
export interface ControlAddress {
  readonly path: string
  remove(): void
}

function socketPath(dataDir: string): string {
  return join(dataDir, 'control.sock')
}

/** Says where the socket is, when its path in the folder would be too long. */
function notePath(dataDir: string): string {
  return join(dataDir, 'control.path')
}

/** Pipes of Windows have a name space of their own, open to the user who made them. */
function pipePath(dataDir: string): string {
  const hash = createHash('sha256').update(realpathSync(dataDir).toLowerCase()).digest('hex')
  return `\\\\.\\pipe\\turnpike-${hash.slice(0, 32)}`
}

/**
 * An address to listen on, for the folder's owner alone: what a killed owner left is removed. The
 * folder exists. A socket whose path would be too long goes to a new private folder for temporary
 * files, and a note in the data folder says where.
 */
export function makeControlAddress(dataDir: string): ControlAddress {
  if (process.platform === 'win32') return { path: pipePath(dataDir), remove() {} }
  removeLeftover(dataDir)
  const inside = socketPath(dataDir)
  if (fits(inside)) return { path: inside, remove: () => rmSync(inside, { force: true }) }
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-'))
  const path = join(folder, 'control.sock')
  writeFileSync(notePath(dataDir), path, { mode: 0o600 })
  return { path, remove: () => removeLeftover(dataDir) }
}

function removeLeftover(dataDir: string): void {
  rmSync(socketPath(dataDir), { force: true })
  const noted = readNote(dataDir)
  if (noted === undefined) return
  rmSync(noted, { force: true })
  // Only an empty folder goes: a note that somebody changed must not cost anything.
  try {
    rmdirSync(dirname(noted))
  } catch {}
  rmSync(notePath(dataDir), { force: true })
}

/** The address where an owner of the folder would listen; undefined when there can be none. */
export function findControlAddress(dataDir: string): string | undefined {
  if (!existsSync(dataDir)) return undefined
  if (process.platform === 'win32') return pipePath(dataDir)
  const inside = socketPath(dataDir)
  return readNote(dataDir) ?? (fits(inside) ? inside : undefined)
}

function fits(path: string): boolean {
  return Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX
}

function readNote(dataDir: string): string | undefined {
  try {
    const noted = readFileSync(notePath(dataDir), 'utf8')
    return noted.endsWith('/control.sock') ? noted : undefined
  } catch {
    return undefined
  }
}
