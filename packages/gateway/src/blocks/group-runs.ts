/**
 * Joins blocks that lie next to each other in a blob into few range reads.
 * @module
 */
import type { BlobRef, BlobSite, Slice } from '@turnpike/core/ports/blob'
import {
  READ_GAP_BYTES_MAX,
  READ_LOCAL_BYTES_MAX,
  READ_REMOTE_BYTES_MAX,
} from '@turnpike/core/limits'
import type { BlockItem } from './block-item.ts'

/** Address of the deployment's own store. */
export const LOCAL_URL = 'local:'

/** Where one block is to be read. */
export interface Place {
  readonly blob: BlobRef
  readonly slice: Slice
  readonly site: BlobSite
}

/** A block and its place in a range read. */
export interface RunPart {
  readonly item: BlockItem
  readonly offset: number
  readonly end: number
}

/** One range read: blocks of one blob at one site, ascending, close together. */
export interface RunPlan {
  readonly blob: BlobRef
  readonly site: BlobSite
  readonly parts: readonly RunPart[]
}

/** Name under which a blob at a site counts as tried for a block. */
export function placeName(place: { readonly blob: BlobRef; readonly site: BlobSite }): string {
  return `${place.blob.key} ${place.site.url}`
}

/**
 * The best place of a block that has not failed it yet; undefined when none is left.
 * `order` sorts the sites of a blob, those that failed lately last.
 */
export function nextPlace(
  item: BlockItem,
  order: (sites: readonly BlobSite[]) => readonly BlobSite[],
): Place | undefined {
  for (const slice of item.slices)
    for (const site of order(slice.blob.sites)) {
      const place = { blob: slice.blob, slice, site }
      if (!item.tried || !item.hasTried(placeName(place))) return place
    }
  return undefined
}

/** Bytes that one range read may span at a site. */
export function spanBytesMax(site: BlobSite): number {
  return site.url === LOCAL_URL ? READ_LOCAL_BYTES_MAX : READ_REMOTE_BYTES_MAX
}

/**
 * Groups blocks into range reads by blob and site. Blocks join when at most 16 KiB lie between them
 * and the read stays within its span; each block is in exactly one read.
 */
export function groupRuns(
  placed: readonly { readonly item: BlockItem; readonly place: Place }[],
): RunPlan[] {
  const byPlace = new Map<string, { item: BlockItem; place: Place }[]>()
  for (const entry of placed) {
    const name = placeName(entry.place)
    const group = byPlace.get(name)
    if (group === undefined) byPlace.set(name, [entry])
    else group.push(entry)
  }
  return [...byPlace.values()].flatMap(splitRuns)
}

function splitRuns(group: readonly { item: BlockItem; place: Place }[]): RunPlan[] {
  const { blob, site } = group[0]!.place
  const parts = group
    .map(({ item, place }) => ({
      item,
      offset: place.slice.offset,
      end: place.slice.offset + place.slice.length,
    }))
    .sort((a, b) => a.offset - b.offset)
  const spanMax = spanBytesMax(site)
  const runs: RunPart[][] = []
  let run: RunPart[] = []
  for (const part of parts) {
    const last = run.at(-1)
    const joins =
      last !== undefined &&
      part.offset >= last.end &&
      part.offset - last.end <= READ_GAP_BYTES_MAX &&
      part.end - run[0]!.offset <= spanMax
    if (joins) run.push(part)
    else {
      run = [part]
      runs.push(run)
    }
  }
  return runs.map((one) => ({ blob, site, parts: one }))
}

/**
 * Cuts a piece of a range read into steps of at least `bytesMin`, each of which is filled at once.
 */
export function fillSteps(piece: readonly RunPart[], bytesMin: number): RunPart[][] {
  const steps: RunPart[][] = []
  let step: RunPart[] | undefined
  for (const part of piece) {
    if (step !== undefined && step.at(-1)!.end - step[0]!.offset < bytesMin) step.push(part)
    else steps.push((step = [part]))
  }
  return steps
}

/** Cuts a range read into pieces that fit one slab each; a larger block is a piece of its own. */
export function slabPieces(parts: readonly RunPart[], slabBytes: number): RunPart[][] {
  const pieces: RunPart[][] = []
  let piece: RunPart[] = []
  for (const part of parts) {
    if (piece.length > 0 && part.end - piece[0]!.offset <= slabBytes) piece.push(part)
    else {
      piece = [part]
      pieces.push(piece)
    }
  }
  return pieces
}
