/**
 * Opens the files that a journal finds: after a clean stop, a kill, or a power loss, the same way.
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { keyOf } from '@turnpike/core/bytes'
import type { BytesKey } from '@turnpike/core/bytes'
import { JOURNAL_RECOVER_TRIES_MAX } from '@turnpike/core/limits/log'
import { readIdOf } from '@turnpike/core/log/decode'
import { scanFrames } from '@turnpike/core/log/scan'
import type { FrameScan } from '@turnpike/core/log/scan'
import { fail, ok } from '@turnpike/core/result'
import type { Result } from '@turnpike/core/result'
import { checkCleanRecord } from './clean.ts'
import type { Disk } from './disk.ts'
import { cleanPath, durablePath, JournalCorrupt, listWals, marksPath } from './files.ts'
import type { WalFile } from './files.ts'
import { markedReads } from './marks.ts'
import type { MarkedRead } from './marks.ts'
import { readWatermark } from './watermark.ts'

/** What a journal goes on from. */
export interface Recovery {
  /** Number of the next entry: all before it are durable. */
  readonly nextEntry: number
  /** Reads that were open, with their last marks, and have no entry. */
  readonly lost: readonly MarkedRead[]
}

/**
 * Checks all files of a slot, cuts a torn tail, makes what is left durable, and finds the reads
 * that were lost. Changes nothing when it fails. The log may release files meanwhile: then it
 * begins again with those that remain, since marks mean nothing without the entries after them.
 *
 * @example
 * const { ok, error } = await recover('/data/journal/0', nodeDisk)
 */
export async function recover(
  folder: string,
  disk: Disk,
): Promise<Result<Recovery, JournalCorrupt>> {
  for (let tries = 1; ; tries++) {
    try {
      return await recoverOnce(folder, disk)
    } catch (error) {
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT'
      if (!isGone || tries === JOURNAL_RECOVER_TRIES_MAX) throw error
    }
  }
}

async function recoverOnce(folder: string, disk: Disk): Promise<Result<Recovery, JournalCorrupt>> {
  const clean = await checkCleanRecord(folder)
  if (clean instanceof JournalCorrupt) return fail(clean)
  const wals = await listWals(folder)
  const open = await openMarks(wals)
  const scans: FrameScan[] = []
  for (const [i, wal] of wals.entries()) {
    const before = scans.at(-1)
    if (before !== undefined && before.nextEntry !== wal.first)
      return fail(
        new JournalCorrupt(wal.path, 0, `expected first entry ${before.nextEntry} after the last`),
      )
    const scan = scanFrames(await readFile(wal.path), wal.first, crc32, (groups) => {
      if (open.size === 0) return
      for (const group of groups) for (const entry of group) forget(open, entry)
    })
    const isLast = i === wals.length - 1
    if (scan.end === 'corrupt' || (scan.end === 'torn' && !isLast))
      return fail(new JournalCorrupt(wal.path, scan.bytes, 'expected a whole frame'))
    scans.push(scan)
  }
  const nextEntry = scans.at(-1)?.nextEntry ?? 0
  const durable = await readWatermark(durablePath(folder))
  if (nextEntry < durable) {
    const path = wals.at(-1)?.path ?? folder
    const found = `expected ${durable} durable entries, got ${nextEntry}`
    return fail(new JournalCorrupt(path, scans.at(-1)?.bytes ?? 0, found))
  }
  for (const [i, wal] of wals.entries()) await settle(disk, wal, scans[i]!.bytes)
  await removeStrayMarks(folder, wals, disk)
  if (clean) await disk.remove(cleanPath(folder))
  await disk.syncFolder(folder)
  return ok({ nextEntry, lost: [...open.values()] })
}

/** Last mark of each read that some file of marks speaks of; newer files know better. */
async function openMarks(wals: readonly WalFile[]): Promise<Map<BytesKey, MarkedRead>> {
  const open = new Map<BytesKey, MarkedRead>()
  for (const { path } of wals) {
    const table = await readFile(marksPath(path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error
      return new Uint8Array(0)
    })
    for (const marked of markedReads(table)) open.set(keyOf(marked.read.id), marked)
  }
  return open
}

function forget(open: Map<BytesKey, MarkedRead>, entry: Uint8Array): void {
  const id = readIdOf(entry)
  if (id !== undefined) open.delete(keyOf(id))
}

/** Cuts a file behind its frames and syncs it: frames read back may be in the page cache only. */
async function settle(disk: Disk, wal: WalFile, bytes: number): Promise<void> {
  const file = await disk.open(wal.path, false)
  try {
    await file.truncate(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Marks whose journal file is gone, or was never made: a crash between the two renames. */
async function removeStrayMarks(
  folder: string,
  wals: readonly WalFile[],
  disk: Disk,
): Promise<void> {
  const kept = new Set(wals.map(({ path }) => marksPath(path)))
  for (const name of await readdir(folder)) {
    const path = join(folder, name)
    if (/^\d{20}\.marks$/.test(name) && !kept.has(path)) await disk.remove(path)
  }
}
