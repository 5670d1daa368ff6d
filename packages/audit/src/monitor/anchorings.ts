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
  const final = await files.get(`epochs/${root.epoch}.final`)
  const kind = final === undefined ? 'anchor' : 'final'
  const where = `epochs/${root.epoch}.${kind}`
  const bytes = final ?? (await files.get(where))
  if (bytes === undefined) return { ...BATCHED, findings: [] }
  try {
    const anchors = kind === 'final' ? parseEpochFinal(bytes) : parseEpochAnchor(bytes)
    if (anchors.origin !== log.key.name || !isSigned(anchors.note, log))
      throw new BadNote(`expected to be signed by ${log.key.name}`)
    checkSame(anchors, root)
    const checked: Checked = { findings: [], unheard: [] }
    for (const one of anchors.anchors)
      await checkAnchoring(one, root, { ...now, ...checked, log, trust, where })
    const names = anchors.anchors.map(({ anchor }) => anchor)
    return { state: least(anchors), anchors: names, ...checked }
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
    const finding: Finding = { rule: 'file', where, message: error.message }
    return { ...BATCHED, findings: [finding] }
  }
}

const BATCHED = { state: 'batched', anchors: [], unheard: [] } as const

/** An epoch is as far as the last of its anchors. */
function least({ anchors }: EpochAnchors): EpochStanding['state'] {
  const states = new Set(anchors.map(({ state }) => state))
  return (['sent', 'anchored'] as const).find((state) => states.has(state)) ?? 'final'
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
  /** The file that has them. */
  readonly where: string
}

async function checkAnchoring(
  { anchor, state, proof }: EpochAnchoring,
  root: EpochRoot,
  checking: Checking,
): Promise<void> {
  if (state === 'sent') return
  if (proof === null) throw new BadNote(`anchor ${anchor} expected a proof`)
  if (anchor === 'witness') return checkWitnesses(proof, root, checking)
  const { findings, unheard, trust, where } = checking
  if (anchor !== 'evm' || trust.chain === undefined) return
  const { kind, message } = await trust.chain(root, proof)
  if (kind === 'unknown') unheard.push(`${where}, ${anchor}: ${message}`)
  else if (kind === 'wrong' || (kind === 'not-final' && state === 'final'))
    findings.push({ rule: 'anchor', where, message: `${anchor}: ${message}` })
}

async function checkWitnesses(
  proof: NonNullable<EpochAnchoring['proof']>,
  { end, root, checkpoint }: EpochRoot,
  { now, tiles, log, trust: { witnesses, quorum }, where, findings }: Checking,
): Promise<void> {
  const epoch = { key: log.key, size: end, root, checkpoint }
  const { note, by } = witnessedBy(proof, epoch, witnesses, log.crypto)
  if (witnesses.length > 0 && by.length < quorum) {
    const names = by.map(({ name }) => name).join(', ') || 'none'
    const message = `expected ${quorum} of ${witnesses.length} witnesses to cosign, got ${names}`
    findings.push({ rule: 'anchor', where, message })
  }
  const seen = signedHead(formatNote(note), where, log)
  const other = await compareHeads(seen, now, tiles, log)
  if (other !== undefined) findings.push(other)
}
