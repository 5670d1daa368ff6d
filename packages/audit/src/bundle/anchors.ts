/**
 * Check 2: what was published of each hour, which anchors hold it, and which witnesses signed.
 * @module
 */
import { encodeHex, sameBytes } from '../base64.ts'
import { parseEpochAnchor, parseEpochFinal, parseEpochRoot } from '../epoch-file.ts'
import type { EpochAnchoring, EpochAnchors, EpochRoot } from '../epoch-file.ts'
import type { Findings } from '../findings.ts'
import { BadNote, parseCheckpoint, parseNote } from '../note.ts'
import { witnessedBy } from '../witness-proof.ts'
import { hourOf } from './context.ts'
import type { Context, SealedEpoch } from './context.ts'
import { signedBy } from './signatures.ts'
import { several } from './verdict.ts'
import type { EpochCounts } from './verdict.ts'

/**
 * Checks hours' files against what their entries come to.
 *
 * @example
 * const counts = checkAnchors(sealed, context)
 */
export function checkAnchors(
  sealed: readonly SealedEpoch[],
  context: Context,
): Omit<EpochCounts, 'unsealedEntries'> {
  let published = 0
  let final = 0
  let anchors: readonly string[] | undefined
  for (const epoch of sealed) {
    const { part } = epoch
    const root = part.root === null ? undefined : checkRoot(part.root, epoch, context)
    if (root !== undefined) published++
    const standing = part.anchor && checkFile(parseEpochAnchor, part.anchor, epoch, context)
    checkWitnesses(epoch, root, standing ? standing.anchors : [], context)
    const last = part.final && checkFile(parseEpochFinal, part.final, epoch, context)
    if (!last) continue
    final++
    const names = last.anchors.map(({ anchor }) => anchor)
    anchors = anchors === undefined ? names : anchors.filter((name) => names.includes(name))
  }
  const names = anchors?.map(anchorText).join(' and ') ?? ''
  const by = names === '' ? '' : `, by ${names}, as the log says`
  const { checks } = context
  const found = `${final} of ${several(sealed.length, 'sealed hour')} final${by}`
  checks.say('anchors', sealed.length === 0 ? 'no hour is sealed yet' : found)
  return { sealed: sealed.length, published, final, anchors: anchors ?? [] }
}

/** What an anchor is called: `local` is this gateway's own word, and nothing more. */
function anchorText(name: string): string {
  return name === 'local' ? 'local (the gateway’s own word)' : name
}

/** Whether a note is {@link anchorsWord} of one anchor. */
export function isAnchorsWord(note: string, name: string): boolean {
  return note === anchorsWord(name)
}

/** That nobody has asked an anchor yet. */
export function anchorsWord(name: string): string {
  return `That the anchor ${name} holds these hours is the log’s word so far: nobody asked it.`
}

type EpochFile = Pick<EpochAnchors, 'note' | 'origin' | 'epoch' | 'end' | 'root'>

/** Reads a signed file of an hour; what it says is what the log has, or there is a finding. */
function checkFile<F extends EpochFile>(
  parse: (text: string) => F,
  text: string,
  { part, seal, root }: SealedEpoch,
  { checks, key, crypto }: Context,
): F | undefined {
  const findings = checks.of('anchors')
  const where = `${hourOf(part.epoch)}, published`
  const file = orFinding(() => parse(text), where, findings)
  if (file === undefined) return undefined
  if (!signedBy(key, file.note, crypto)) findings.add(where, `a signature by ${key.name}`, 'none')
  findings.same(`${where} origin`, key.name, file.origin)
  findings.same(`${where} epoch`, seal.epoch, file.epoch)
  findings.same(`${where} end`, seal.end, file.end)
  sameHash(`${where} root`, root, file.root, findings)
  return file
}

function checkRoot(text: string, epoch: SealedEpoch, context: Context): EpochRoot | undefined {
  const file = checkFile(parseEpochRoot, text, epoch, context)
  if (file === undefined) return undefined
  const { seal, sealLeaf, root, part } = epoch
  const findings = context.checks.of('anchors')
  const where = `${hourOf(part.epoch)}, published`
  findings.same(`${where} first`, seal.first, file.first)
  findings.same(`${where} previousEpoch`, `${seal.previousEpoch}`, `${file.previousEpoch}`)
  sameHash(`${where} sealLeaf`, sealLeaf, file.sealLeaf, findings)
  sameHash(`${where} summaryRoot`, seal.summaryRoot, file.summaryRoot, findings)
  sameHash(`${where} previousRoot`, seal.previousRoot, file.previousRoot, findings)
  orFinding(
    () => {
      const note = parseNote(file.checkpoint)
      const said = parseCheckpoint(note.text)
      findings.same(`${where} checkpoint, size`, seal.end, said.size)
      sameHash(`${where} checkpoint, root`, root, said.root, findings)
      if (!signedBy(context.key, note, context.crypto))
        findings.add(`${where} checkpoint`, `a signature by ${context.key.name}`, 'none')
    },
    where,
    findings,
  )
  return file
}

/** Whether enough of the trusted witnesses signed an hour's root, or a log that begins with it. */
function checkWitnesses(
  { part, seal, root }: SealedEpoch,
  file: EpochRoot | undefined,
  anchors: readonly EpochAnchoring[],
  { trust, checks, key, crypto }: Context,
): void {
  if (trust.witnesses === undefined) return
  const { keys, quorum } = trust.witnesses
  const findings = checks.of('signatures')
  const where = `${hourOf(part.epoch)}, witnesses`
  // Of one key that was given twice, one counts.
  const signed = new Set<string>()
  for (const { anchor, proof } of anchors) {
    if (anchor !== 'witness' || proof === null || file === undefined) continue
    const epoch = { size: seal.end, root, key, checkpoint: file.checkpoint }
    const seen = orFinding(() => witnessedBy(proof, epoch, keys, crypto), where, findings)
    for (const { publicKey } of seen?.by ?? []) signed.add(encodeHex(publicKey))
  }
  if (signed.size < quorum) findings.add(where, `${quorum} that signed`, String(signed.size))
}

function sameHash(where: string, log: Uint8Array, found: Uint8Array, findings: Findings): void {
  if (!sameBytes(log, found)) findings.add(where, 'the log’s', 'another')
}

/** What `read` gives; undefined, and a finding, when it is of no use. */
function orFinding<T>(read: () => T, where: string, findings: Findings): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
    findings.add(where, 'a file as it is documented', error.message)
    return undefined
  }
}
