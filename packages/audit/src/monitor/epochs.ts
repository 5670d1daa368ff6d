/**
 * Epochs of a log: which are new, and whether their files say what the log is.
 * @module
 */
import { encodeBase64, sameBytes } from '../base64.ts'
import { parseEpochRoot, type EpochRoot } from '../epoch-file.ts'
import { misbehaviour } from '../misbehaviour.ts'
import { BadNote, formatKey, standingOf, type Note } from '../note.ts'
import { isIncluded } from '../proof.ts'
import type { Finding } from './finding.ts'
import {
  compareHeads,
  signedHead,
  tilesDiffer,
  type MonitoredLog,
  type SignedHead,
} from './heads.ts'
import type { PublicFiles } from './source.ts'
import type { Tiles } from './tiles.ts'

/** Epochs that a monitor looks at when it begins, a month: older ones it never looks at. */
export const EPOCHS_FIRST_MAX = 744
/** Epochs that one round goes over: a year, and some. */
export const EPOCHS_ROUND_MAX = 10_000

/** A `.root` that its log signed. */
export interface SignedRoot {
  /** The file. */
  readonly file: string
  readonly root: EpochRoot
}

/** Path of an epoch's `.root`, for people too. */
export function rootPath(epoch: number | 'newest'): string {
  return `epochs/${epoch}.root`
}

/**
 * Reads a `.root`.
 *
 * @throws {BadNote} when it is none, or not by the log
 */
export function signedRoot(bytes: Uint8Array | string, log: MonitoredLog): SignedRoot {
  const file = typeof bytes === 'string' ? bytes : new TextDecoder().decode(bytes)
  const root = parseEpochRoot(file)
  if (root.origin !== log.key.name || !isSigned(root.note, log))
    throw new BadNote(`${rootPath(root.epoch)} expected to be signed by ${log.key.name}`)
  return { file, root }
}

/** Whether the log has signed a note. */
export function isSigned(note: Note, { key, crypto }: MonitoredLog): boolean {
  return standingOf(note, key, crypto).kind === 'signed'
}

/** Epochs that were found, and what is wrong with how they follow each other. */
export interface FoundEpochs {
  /** Oldest first. */
  readonly roots: readonly SignedRoot[]
  readonly findings: readonly Finding[]
}

/**
 * Finds the epochs after `known`: the newest, and from there back, each by what the one after it
 * says.
 *
 * @throws {SourceFailed}
 * @example
 * const { roots } = await findEpochs(files, newest, log)
 */
export async function findEpochs(
  files: PublicFiles,
  known: SignedRoot | undefined,
  log: MonitoredLog,
): Promise<FoundEpochs> {
  const roots: SignedRoot[] = []
  const after = known?.root.epoch ?? -1
  const most = known === undefined ? EPOCHS_FIRST_MAX : EPOCHS_ROUND_MAX
  let read = await readRoot(files, 'newest', log)
  // A log that has not sealed anything has no newest epoch.
  if (read === undefined) return { roots, findings: [] }
  for (;;) {
    if ('rule' in read) return { roots: roots.toReversed(), findings: [read] }
    if (read.root.epoch <= after) break
    roots.push(read)
    const { epoch, previousEpoch }: EpochRoot = read.root
    const isLast = previousEpoch === null || previousEpoch <= after || previousEpoch >= epoch
    if (isLast || roots.length === most) break
    read = (await readRoot(files, previousEpoch, log)) ?? goneRoot(previousEpoch)
  }
  return { roots: roots.toReversed(), findings: [] }
}

/** Undefined when there is no such file. */
async function readRoot(
  files: PublicFiles,
  epoch: number | 'newest',
  log: MonitoredLog,
): Promise<SignedRoot | Finding | undefined> {
  const where = rootPath(epoch)
  const bytes = await files.get(where)
  if (bytes === undefined) return undefined
  try {
    const read = signedRoot(bytes, log)
    if (epoch === 'newest' || read.root.epoch === epoch) return read
    return { rule: 'file', where, message: `expected epoch ${epoch}, got ${read.root.epoch}` }
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
    return { rule: 'file', where, message: error.message }
  }
}

function goneRoot(epoch: number): Finding {
  const message = 'expected a file that the epoch after it names, got none'
  return { rule: 'file', where: rootPath(epoch), message }
}

/**
 * Whether an epoch is one of the log of `now`, and follows the one before it.
 *
 * @param previous undefined for the first that is looked at
 * @throws {SourceFailed}
 */
export async function checkRoot(
  { root, file }: SignedRoot,
  previous: SignedRoot | undefined,
  { now, tiles }: { readonly now: SignedHead; readonly tiles: Tiles },
  log: MonitoredLog,
): Promise<Finding[]> {
  const where = rootPath(root.epoch)
  const findings: Finding[] = []
  const wrong = unlike(root, previous?.root)
  if (wrong !== undefined) findings.push({ rule: 'epoch', where, message: wrong })
  let own: SignedHead
  try {
    own = signedHead(root.checkpoint, where, log)
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
    return [...findings, { rule: 'file', where, message: error.message }]
  }
  if (own.size !== root.end || !sameBytes(own.root, root.root)) {
    const message = `expected a checkpoint of ${root.end} entries with the root of the epoch`
    const evidence = { key: formatKey(log.key, log.crypto), file, checkpoint: own.note }
    const proof = own.size === root.end ? { proof: misbehaviour('root', evidence) } : {}
    return [...findings, { rule: 'epoch', where, message, ...proof }]
  }
  const other = await compareHeads(own, now, tiles, log)
  if (other !== undefined) return [...findings, other]
  return [...findings, ...(await checkSeal(root, { now, tiles }, log))]
}

/** What does not fit the epoch before; undefined when all does. */
function unlike(root: EpochRoot, previous: EpochRoot | undefined): string | undefined {
  const { previousEpoch, first, end, previousRoot } = root
  if (first >= end || (previousEpoch ?? -1) >= root.epoch)
    return `expected entries, and an earlier epoch before it, got ${first} to ${end}`
  if (previous === undefined) return undefined
  if (previousEpoch !== previous.epoch)
    return `expected to follow epoch ${previous.epoch}, got ${previousEpoch}`
  if (first !== previous.end) return `expected to begin at ${previous.end}, got ${first}`
  if (!sameBytes(previousRoot, previous.root))
    return `expected ${encodeBase64(previous.root)} before it, got ${encodeBase64(previousRoot)}`
  return undefined
}

/** Whether the SEAL's leaf is where the epoch ends. */
async function checkSeal(
  { end, sealLeaf, epoch }: EpochRoot,
  { now, tiles }: { readonly now: SignedHead; readonly tiles: Tiles },
  { crypto }: MonitoredLog,
): Promise<Finding[]> {
  const index = end - 1
  const proof = await tiles.inclusion(index)
  if (isIncluded({ index, leaf: sealLeaf }, now, proof, crypto)) return []
  const leaf = await tiles.leaf(index)
  if (!isIncluded({ index, leaf }, now, proof, crypto)) return [tilesDiffer(now)]
  const message = `expected the SEAL to be entry ${index}, which is another`
  return [{ rule: 'epoch', where: rootPath(epoch), message }]
}
