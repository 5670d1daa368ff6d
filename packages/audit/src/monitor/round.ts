/**
 * One look of a monitor at a log: whether it is still the one that was seen before, and the one
 * that others see.
 * @module
 */
import { encodeHex } from '../base64.ts'
import { misbehaviour } from '../misbehaviour.ts'
import { BadNote, formatKey, parseNote, standingOf, type NoteKey } from '../note.ts'
import { epochStanding, type EpochStanding, type Trust } from './anchorings.ts'
import { checkRoot, findEpochs, rootPath, signedRoot, type SignedRoot } from './epochs.ts'
import type { Finding } from './finding.ts'
import { compareHeads, signedHead, type MonitoredLog, type SignedHead } from './heads.ts'
import { SourceFailed, type PublicFiles } from './source.ts'
import { EPOCHS_OPEN_MAX, type MonitorState } from './state.ts'
import { Tiles } from './tiles.ts'

/** A witness that can be asked what it has seen. */
export interface AskedWitness {
  readonly key: NoteKey
  /** What it publishes. */
  readonly files: PublicFiles
}

/** What a monitor works with. */
export interface MonitorDeps extends MonitoredLog {
  readonly files: PublicFiles
  /** Witnesses that are asked what they have seen, beside the cosignatures in epochs' files. */
  readonly asked: readonly AskedWitness[]
  readonly trust: Trust
}

/** An epoch that was looked at. */
export interface LookedAt {
  readonly epoch: number
  readonly root: SignedRoot
  readonly standing: EpochStanding
}

/** What a look came to. */
export interface Round {
  /** To be remembered; as it was before when the log is another. */
  readonly state: MonitorState
  readonly head: SignedHead
  /** Epochs that were looked at, oldest first. */
  readonly epochs: readonly LookedAt[]
  readonly findings: readonly Finding[]
  /** Witnesses and chains that could not be asked, and why. */
  readonly unheard: readonly string[]
}

/**
 * Looks once. Witnesses and epochs are read before the checkpoint: the log is never behind them.
 *
 * @throws {SourceFailed} when the log can't be read, and nothing can be said of it
 * @example
 * const { state, findings } = await monitorRound(NOTHING_SEEN, deps)
 */
export async function monitorRound(state: MonitorState, deps: MonitorDeps): Promise<Round> {
  const { files } = deps
  const { heads, unheard } = await askWitnesses(deps)
  const found = await findEpochs(files, state.newest, deps)
  const now = await currentHead(deps)
  const tiles = new Tiles(files, now.size, deps.crypto)
  const ofLog: Finding[] = [...found.findings, ...(await checkNewest(state.newest, deps))]
  for (const before of [...(state.head === undefined ? [] : [state.head]), ...heads]) {
    const finding = await compareHeads(before, now, tiles, deps)
    if (finding !== undefined) ofLog.push(finding)
  }
  let previous = state.newest
  for (const root of found.roots) {
    ofLog.push(...(await checkRoot(root, previous, { now, tiles }, deps)))
    previous = root
  }
  const epochs: LookedAt[] = []
  for (const root of [...state.open, ...found.roots]) {
    const standing = await epochStanding(files, root, { now, tiles }, deps, deps.trust)
    epochs.push({ epoch: root.root.epoch, root, standing })
  }
  const findings = [...ofLog, ...epochs.flatMap(({ standing }) => standing.findings)]
  const isSameLog = ofLog.length === 0 && findings.every(({ rule }) => OF_ANCHORS.has(rule))
  const open = epochs.filter(isOpen).map(({ root }) => root)
  const seen = { head: now, newest: previous, open: open.slice(-EPOCHS_OPEN_MAX) }
  const notHeard = [...unheard, ...epochs.flatMap(({ standing }) => standing.unheard)]
  return { state: isSameLog ? seen : state, head: now, epochs, findings, unheard: notHeard }
}

/** What is wrong with anchors says nothing against the log: it is followed, and looked at again. */
const OF_ANCHORS: ReadonlySet<Finding['rule']> = new Set(['anchor', 'file'])

function isOpen({ standing: { state, findings } }: LookedAt): boolean {
  return state !== 'final' || findings.length > 0
}

/** The newest checkpoint of the log itself. */
async function currentHead({ files, ...log }: MonitorDeps): Promise<SignedHead> {
  const bytes = await files.get('checkpoint')
  if (bytes === undefined) throw new SourceFailed('the log expected a checkpoint, got none')
  try {
    return signedHead(bytes, 'the log', log)
  } catch (error) {
    if (error instanceof BadNote) throw new SourceFailed(error.message, { cause: error })
    throw error
  }
}

/** Whether the file of the newest epoch is still the one that was seen. */
async function checkNewest(
  newest: SignedRoot | undefined,
  { files, ...log }: MonitorDeps,
): Promise<Finding[]> {
  if (newest === undefined) return []
  const where = rootPath(newest.root.epoch)
  const bytes = await files.get(where)
  if (bytes === undefined) return [{ rule: 'file', where, message: 'it is gone' }]
  try {
    const { file, root } = signedRoot(bytes, log)
    if (root.note.text === newest.root.note.text) return []
    const key = formatKey(log.key, log.crypto)
    const proof = misbehaviour('epoch', { key, files: [newest.file, file] })
    return [{ rule: 'epoch', where, message: 'it is another than before', proof }]
  } catch (error) {
    if (error instanceof BadNote) return [{ rule: 'file', where, message: error.message }]
    throw error
  }
}

/** What witnesses have cosigned last. */
async function askWitnesses({
  asked,
  ...log
}: MonitorDeps): Promise<{ heads: SignedHead[]; unheard: string[] }> {
  const heads: SignedHead[] = []
  const unheard: string[] = []
  const path = `${encodeHex(log.crypto.sha256(new TextEncoder().encode(log.key.name)))}/checkpoint`
  for (const { key, files } of asked) {
    const where = `witness ${key.name}`
    try {
      const bytes = await files.get(path)
      if (bytes === undefined) throw new SourceFailed('it has not seen the log')
      const head = signedHead(bytes, where, log)
      if (standingOf(parseNote(bytes), key, log.crypto).kind === 'signed') heads.push(head)
      else unheard.push(`${where} expected to cosign what it shows`)
    } catch (error) {
      if (!(error instanceof SourceFailed || error instanceof BadNote)) throw error
      unheard.push(`${where}: ${error.message}`)
    }
  }
  return { heads, unheard }
}
