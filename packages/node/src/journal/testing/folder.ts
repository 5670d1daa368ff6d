/**
 * Journals in folders of their own, small enough that a test reaches every bound.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { encodeFetch, encodeRead } from '@turnpike/core/log/encode'
import { DENY, GRADE, READ_FLAGS } from '@turnpike/core/log/entry'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { nodeDisk } from '../disk.ts'
import type { Disk, DiskFile } from '../disk.ts'
import { openJournal } from '../journal.ts'
import type { NodeJournal } from '../journal.ts'
import type { JournalOptions } from '../options.ts'
import { journalSource } from '../source.ts'

/** Sizes that make a journal rotate every few hundred reads. */
export const SMALL: Pick<
  JournalOptions,
  'fileBytes' | 'frameBytes' | 'reserveBytes' | 'openReadsMax' | 'roomRetryMs'
> = {
  fileBytes: 64 * 1024,
  frameBytes: 8 * 1024,
  reserveBytes: 0,
  openReadsMax: 16,
  roomRetryMs: 5,
}

/** A folder that is gone after the test. */
export async function tempFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-journal-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Opens a small journal; throws why it can't be opened, and what poisons it unless told not to. */
export async function openSmall(
  folder: string,
  options: Partial<JournalOptions> = {},
): Promise<NodeJournal> {
  const onFailure = (error: Error): void => {
    throw error
  }
  const { ok, error } = await openJournal({ ...SMALL, folder, onFailure, ...options })
  if (ok === undefined) throw error
  return ok
}

/** A READ whose id says `number`. */
export function readOf(number: number, change: Partial<ReadEntry> = {}): ReadEntry {
  const id = new Uint8Array(16)
  new DataView(id.buffer).setUint32(0, number)
  return {
    id,
    ts: 1_763_683_200_000 + number,
    started: 1_763_683_200_000,
    domain: 'gateway.example.com',
    space: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    provider: 'did:key:z6MkwYMhwTvsq376YBAcJHy3vyRWzBgn5vKfVqqDCgm7XVKU',
    region: 'eu-west',
    cid: null,
    status: 200,
    bytes: 0n,
    flags: READ_FLAGS.allowed | READ_FLAGS.content,
    deny: DENY.none,
    count: 1,
    grade: GRADE.kernel,
    ...change,
  }
}

/** The group of a read that fetched from one provider; its last byte is not 0. */
export function groupOf(number: number): readonly Uint8Array[] {
  const read = readOf(number)
  const fetch = { id: read.id, provider: 'https://a.example', bytes: 5n, requests: 1, failed: 1 }
  return [encodeRead(read), encodeFetch(fetch)]
}

/** Admits and ends reads `first` to `first + count - 1`. */
export function record(journal: NodeJournal, first: number, count: number): void {
  for (let i = first; i < first + count; i++) {
    const read = journal.admit()
    if (read === undefined) throw new Error(`expected room for read ${i}, got none`)
    read.end(groupOf(i))
  }
}

/** All groups of a journal from `fromEntry` on, in batches of about `bytesMax`. */
export async function groupsIn(
  folder: string,
  fromEntry = 0,
  bytesMax = 4096,
): Promise<readonly (readonly Uint8Array[])[]> {
  const source = journalSource(folder, 'test')
  const groups: (readonly Uint8Array[])[] = []
  for (let at = fromEntry; ;) {
    const batch = await source.read(at, bytesMax)
    if (batch.groups.length === 0) return groups
    groups.push(...batch.groups)
    at = batch.nextEntry
  }
}

/** Real files with something put before some operations: a fault, or a count. */
export function diskWith(before: {
  readonly fill?: (path: string) => void
  readonly write?: (path: string) => void
  readonly sync?: (path: string) => void
}): Disk {
  return {
    ...nodeDisk,
    async fill(path, bytes) {
      before.fill?.(path)
      await nodeDisk.fill(path, bytes)
    },
    async open(path, create) {
      const file = await nodeDisk.open(path, create)
      const wrapped: DiskFile = {
        ...file,
        async write(bytes, position) {
          before.write?.(path)
          await file.write(bytes, position)
        },
        async sync() {
          before.sync?.(path)
          await file.sync()
        },
      }
      return wrapped
    },
  }
}

/** The error a full or broken disk gives. */
export function diskError(code: string): Error {
  return Object.assign(new Error(`${code}: put here by a test`), { code })
}
