/**
 * Whether anchors hold what a log says that they hold of an epoch.
 * @module
 */
import { encodeBase64, sameBytes } from '../base64.ts'
import { parseEpochAnchor, parseEpochFinal } from '../epoch-file.ts'
import type { EpochAnchoring, EpochAnchors, EpochRoot } from '../epoch-file.ts'
import { BadNote, formatNote, type NoteKey } from '../note.ts'
import { witnessedBy } from '../witness-proof.ts'
import type { AskChain } from './chain.ts'
import { isSigned, type SignedRoot } from './epochs.ts'
import type { Finding } from './finding.ts'
import { compareHeads, signedHead, type MonitoredLog, type SignedHead } from './heads.ts'
import type { PublicFiles } from './source.ts'
import type { Tiles } from './tiles.ts'

/** Whose word counts, beside the log's. */
export interface Trust {
  /** Witnesses whose cosignatures count, and how many have to be there; none: not looked at. */
  readonly witnesses: readonly NoteKey[]
  readonly quorum: number
  /** Asks the chain; undefined: it is not looked at. */
  readonly chain?: AskChain | undefined
}

/** How far an epoch is, by its own files, and what is wrong with them. */
export interface EpochStanding {
  readonly state: 'batched' | 'sent' | 'anchored' | 'final'
  /** Names of the anchors that its files name. */
  readonly anchors: readonly string[]
  readonly findings: readonly Finding[]
  /** Anchors that could not be asked, and why. */
  readonly unheard: readonly string[]
}

/** The log as it is now. */
export interface Now {
  readonly now: SignedHead
  readonly tiles: Tiles
}

/**
 * Reads an epoch's `.final`, or else its `.anchor`, and checks what they say.
 *
 * @throws {SourceFailed}
 * @example
 * const { state, findings } = await epochStanding(files, root, { now, tiles }, log, trust)
 */
export async function epochStanding(
  files: PublicFiles,
  { root }: SignedRoot,
  now: Now,
  log: MonitoredLog,
  trust: Trust,
): Promise<EpochStanding> {
  try {
    const final = await readAnchors(files, root, 'final', log)
    const wanted = wantedBy(trust)
    // An anchor that came later holds hours that were final before: only `.anchor` says so.
    const isWhole = wanted.every((name) => final?.anchors.some(({ anchor }) => anchor === name))
    const others = final && isWhole ? undefined : await readAnchors(files, root, 'anchor', log)
    const all = [...(final?.anchors ?? []), ...(others?.anchors ?? [])]
    const checked: Checked = { findings: [], unheard: [] }
    for (const one of all) await checkAnchoring(one, root, { ...now, ...checked, log, trust })
    const names = [...new Set(all.map(({ anchor }) => anchor))]
    const missing = wanted.filter((name) => final && !names.includes(name))
    for (const name of missing) checked.findings.push(against(root, `${name} expected to hold it`))
    return { state: leastOf(all), anchors: names, ...checked }
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
    const finding = { ...against(root, error.message), rule: 'file' } as const
    return { state: 'batched', anchors: [], unheard: [], findings: [finding] }
  }
}

/** Anchors that have to hold every epoch, since somebody is named whose word counts. */
function wantedBy({ witnesses, chain }: Trust): readonly string[] {
  return [...(witnesses.length > 0 ? ['witness'] : []), ...(chain === undefined ? [] : ['evm'])]
}

/**
 * What one of an epoch's files says; undefined when there is no such file.
 *
 * @throws {BadNote} when it is not by the log, or of another epoch
 */
async function readAnchors(
  files: PublicFiles,
  root: EpochRoot,
  kind: 'final' | 'anchor',
  log: MonitoredLog,
): Promise<EpochAnchors | undefined> {
  const bytes = await files.get(`epochs/${root.epoch}.${kind}`)
  if (bytes === undefined) return undefined
  const anchors = kind === 'final' ? parseEpochFinal(bytes) : parseEpochAnchor(bytes)
  if (anchors.origin !== log.key.name || !isSigned(anchors.note, log))
    throw new BadNote(`.${kind} expected to be signed by ${log.key.name}`)
  checkSame(anchors, root)
  return anchors
}

/** An epoch is as far as the last of its anchors. */
function leastOf(anchors: readonly EpochAnchoring[]): EpochStanding['state'] {
  const states = new Set(anchors.map(({ state }) => state))
  const least = (['sent', 'anchored', 'final'] as const).find((state) => states.has(state))
  return least ?? 'batched'
}

function against({ epoch }: EpochRoot, message: string): Finding {
  return { rule: 'anchor', where: `epoch ${epoch}`, message }
}

function checkSame({ epoch, end, root }: EpochAnchors, expected: EpochRoot): void {
  if (epoch !== expected.epoch || end !== expected.end || !sameBytes(root, expected.root))
    throw new BadNote(
      `expected epoch ${expected.epoch}, ${expected.end} entries, root ` +
        `${encodeBase64(expected.root)}, got epoch ${epoch}, ${end}, ${encodeBase64(root)}`,
    )
}

/** What came of checking the proofs of an epoch's anchors. */
interface Checked {
  readonly findings: Finding[]
  readonly unheard: string[]
}

/** What they are checked with, and where to put what comes of it. */
interface Checking extends Now, Checked {
  readonly log: MonitoredLog
  readonly trust: Trust
}

async function checkAnchoring(
  { anchor, state, proof }: EpochAnchoring,
  root: EpochRoot,
  checking: Checking,
): Promise<void> {
  if (state === 'sent') return
  if (proof === null) throw new BadNote(`anchor ${anchor} expected a proof`)
  if (anchor === 'witness') return checkWitnesses(proof, root, checking)
  const { findings, unheard, trust } = checking
  if (anchor !== 'evm' || trust.chain === undefined) return
  const { kind, message } = await trust.chain(root, proof)
  if (kind === 'unknown') unheard.push(`epoch ${root.epoch}, ${anchor}: ${message}`)
  else if (kind === 'wrong' || (kind === 'not-final' && state === 'final'))
    findings.push(against(root, `${anchor}: ${message}`))
}

async function checkWitnesses(
  proof: NonNullable<EpochAnchoring['proof']>,
  root: EpochRoot,
  { now, tiles, log, trust: { witnesses, quorum }, findings }: Checking,
): Promise<void> {
  const { end: size, checkpoint } = root
  const epoch = { key: log.key, size, root: root.root, checkpoint }
  const { note, by } = witnessedBy(proof, epoch, witnesses, log.crypto)
  if (witnesses.length > 0 && by.length < quorum) {
    const names = by.map(({ name }) => name).join(', ') || 'none'
    const expected = `expected ${quorum} of ${witnesses.length} witnesses to cosign`
    findings.push(against(root, `${expected}, got ${names}`))
  }
  const seen = signedHead(formatNote(note), `witnesses of epoch ${root.epoch}`, log)
  const other = await compareHeads(seen, now, tiles, log)
  if (other !== undefined) findings.push(other)
}
