/**
 * A data folder for tests of adding.
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { linkFromString } from '@turnpike/core/link'
import type { Slice } from '@turnpike/core/ports/blob'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Clock } from '@turnpike/core/ports/runtime'
import { CatalogIndex } from '../catalog/content-index.ts'
import { ensureSpace } from '../catalog/spaces.ts'
import { openFolder, type FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { ownerContext, type AddContext } from '../add/session.ts'

/** A clock that stands still. */
export const stillClock: Clock = { nowMs: () => 1_700_000_000_000, monotonicMs: () => 0 }

/** A second space, whose key nobody needs. */
export const OTHER_SPACE: SpaceDid = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp'

/** An empty directory that goes with the test. */
export function scratch(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'turnpike-add-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** A data folder that is closed with the test, with ways to look into it. */
export async function openScratch(
  t: TestContext,
  root: string = scratch(t),
): Promise<{ folder: FolderOwner; context: AddContext; other: AddContext; index: CatalogIndex }> {
  const options = { clock: stillClock, hasher: nodeHasher }
  const opened = await openFolder(root, options)
  if (opened.error) throw opened.error
  const folder = opened.ok
  t.after(() => folder.close())
  ensureSpace(folder.catalog, { did: OTHER_SPACE, name: 'b', createdMs: 0 })
  return {
    folder,
    context: ownerContext(folder, options),
    other: ownerContext(folder, options, OTHER_SPACE),
    index: new CatalogIndex(folder.catalog),
  }
}

/** Bytes of one slice, read as the gateway reads them. */
export async function readSlice(folder: FolderOwner, slice: Slice): Promise<Uint8Array> {
  const range = { first: slice.offset, last: slice.offset + slice.length - 1 }
  const signal = new AbortController().signal
  const bytes = new Uint8Array(slice.length)
  if (slice.length === 0) return bytes
  const opened = await folder.blobs.open(slice.blob, slice.blob.sites[0]!, range, signal)
  if (opened.error) throw opened.error
  const filled = await opened.ok.fill(bytes)
  opened.ok.close()
  if (filled.error) throw filled.error
  return bytes
}

/** Where a space has the block of a CID. */
export function find(index: CatalogIndex, space: SpaceDid, cid: string): readonly Slice[] {
  index.forget()
  return index.slices(space, [linkFromString(cid)!.multihash])[0]!
}
