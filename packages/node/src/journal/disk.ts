/**
 * The few file operations that a journal needs, each durable when it says so.
 *
 * Callbacks and not `fs/promises` where the journal writes: a FileHandle costs the serving thread
 * more per call than a whole group's encoding.
 * @module
 */
import fs from 'node:fs'
import { open, rename, rm, statfs } from 'node:fs/promises'
import { syncDirectory } from '../durable.ts'

/** Bytes of zeros written at once. */
const ZEROS_BYTES = 1024 * 1024

/** A file open for writing. */
export interface DiskFile {
  /** Writes all of `bytes` at `position`. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** The same before it returns: for a few bytes over pages that are there. */
  writeNow(bytes: Uint8Array, position: number): void
  /** Makes what was written durable. Never retried: after a failure the kernel may forget. */
  sync(): Promise<void>
  truncate(bytes: number): Promise<void>
  close(): Promise<void>
}

/** Where a journal keeps its files. Tests put faults in here. */
export interface Disk {
  /** Makes a file of `bytes` zeros, really written and durable, over one that is there. */
  fill(path: string, bytes: number): Promise<void>
  /** Opens a file for writing; `create` makes it when it is not there. */
  open(path: string, create: boolean): Promise<DiskFile>
  /** Durable with the next `syncFolder`. */
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or nothing when it is not there. */
  remove(path: string): Promise<void>
  /** Bytes that are left on the disk of a folder. */
  freeBytes(path: string): Promise<number>
  /** Makes renames, creations and removals in a folder durable. */
  syncFolder(path: string): Promise<void>
}

/** Real files. */
export const nodeDisk: Disk = {
  async fill(path, bytes) {
    const handle = await open(path, 'w', 0o600)
    try {
      const zeros = new Uint8Array(Math.min(bytes, ZEROS_BYTES))
      for (let at = 0; at < bytes;) {
        const length = Math.min(zeros.length, bytes - at)
        const { bytesWritten } = await handle.write(zeros, 0, length, at)
        at += bytesWritten
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
  open: (path, create) =>
    new Promise((resolve, reject) => {
      const flags = fs.constants.O_RDWR | (create ? fs.constants.O_CREAT : 0)
      fs.open(path, flags, 0o600, (error, fd) => (error ? reject(error) : resolve(fileOf(fd))))
    }),
  rename,
  remove: (path) => rm(path, { force: true }),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path)
    return bavail * bsize
  },
  syncFolder: syncDirectory,
}

type Done = (error: Error | null) => void

function settled(start: (done: Done) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())))
}

function fileOf(fd: number): DiskFile {
  const writeAll = (bytes: Uint8Array, position: number, done: Done): void => {
    fs.write(fd, bytes, 0, bytes.length, position, (error, written) => {
      if (error !== null || written === bytes.length) return done(error)
      if (written === 0) return done(new Error('write expected progress, got 0 bytes'))
      writeAll(bytes.subarray(written), position + written, done)
    })
  }
  return {
    write: (bytes, position) => settled((done) => writeAll(bytes, position, done)),
    writeNow(bytes, position) {
      const written = fs.writeSync(fd, bytes, 0, bytes.length, position)
      if (written !== bytes.length)
        throw new Error(`write expected ${bytes.length} bytes written, got ${written}`)
    },
    sync: () => settled((done) => fs.fdatasync(fd, done)),
    truncate: (bytes) => settled((done) => fs.ftruncate(fd, bytes, done)),
    close: () => settled((done) => fs.close(fd, done)),
  }
}
