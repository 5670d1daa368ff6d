/**
 * Check 2: what was published of each hour, which anchors hold it, and which witnesses signed.
 * @module
 */
import { decodeBase64, sameBytes } from '../base64.ts'
import { BadNote, parseCheckpoint, parseNote, parseSignature, standingOf } from '../note.ts'
import type { Note } from '../note.ts'
import { parseSignedLine } from '../signed-line.ts'
import type { SignedLine } from '../signed-line.ts'
import { hourOf } from './context.ts'
import type { Context, SealedEpoch } from './context.ts'
import { signedBy } from './signatures.ts'
import type { EpochCounts } from './verdict.ts'

/**
 * Checks an hour's files against what its entries come to.
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
    const root = rootFile(epoch, context)
    if (root !== undefined) published++
    checkWitnesses(epoch, root, context)
    const holding = finalAnchors(epoch, context)
    if (holding === undefined) continue
    final++
    anchors = anchors === undefined ? holding : anchors.filter((name) => holding.includes(name))
  }
  const by = anchors?.length ? `, by ${anchors.map(anchorText).join(' and ')}` : ''
  const { checks } = context
  checks.say('anchors', `${final} of ${sealed.length} sealed hours are final${by}`)
  return { sealed: sealed.length, published, final, anchors: anchors ?? [] }
}

/** What an anchor is called: `local` is this gateway's own word, and nothing more. */
function anchorText(name: string): string {
  return name === 'local' ? 'local (the gateway’s own word)' : name
}

/** Reads a signed file of an hour; its fields are those of the log, or there is a finding. */
function signedFile(
  type: string,
  text: string | null,
  { part, seal, root }: SealedEpoch,
  { checks, key, crypto }: Context,
): SignedLine | undefined {
  if (text === null) return undefined
  const findings = checks.of('anchors')
  const where = `${hourOf(part.epoch)}, ${type}`
  try {
    const line = parseSignedLine(type, text)
    if (!signedBy(key, line.note, crypto)) findings.add(where, `a signature by ${key.name}`, 'none')
    const { fields } = line
    findings.same(`${where}, origin`, key.name, String(fields['origin']))
    findings.same(`${where}, epoch`, seal.epoch, Number(fields['epoch']))
    findings.same(`${where}, end`, seal.end, Number(fields['end']))
    if (!isHash(fields['root'], root)) findings.add(`${where}, root`, 'the log’s', 'another')
    return line
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
    findings.add(where, 'a signed file', error.message)
    return undefined
  }
}

/** The checkpoint that an hour's `.root` has in it. */
function rootFile(epoch: SealedEpoch, context: Context): Note | undefined {
  const { seal, sealLeaf, root, part } = epoch
  const line = signedFile('turnpike-epoch-root/v1', part.root, epoch, context)
  if (line === undefined) return undefined
  const { fields } = line
  const findings = context.checks.of('anchors')
  const where = `${hourOf(part.epoch)}, published root`
  findings.same(`${where}, first`, seal.first, Number(fields['first']))
  findings.same(`${where}, previousEpoch`, `${seal.previousEpoch}`, `${fields['previousEpoch']}`)
  const { summaryRoot, previousRoot } = seal
  for (const [name, hash] of Object.entries({ sealLeaf, summaryRoot, previousRoot }))
    if (!isHash(fields[name], hash)) findings.add(`${where}, ${name}`, 'the log’s', 'another')
  const note = parseNote(String(fields['checkpoint']))
  const said = parseCheckpoint(note.text)
  const isSame = said.size === seal.end && sameBytes(said.root, root)
  if (!isSame || !signedBy(context.key, note, context.crypto))
    findings.add(`${where}, checkpoint`, `one of ${seal.end} entries, signed`, 'another')
  return note
}

/** Names of the anchors that hold an hour for good. */
function finalAnchors(epoch: SealedEpoch, context: Context): string[] | undefined {
  const line = signedFile('turnpike-epoch-final/v1', epoch.part.final, epoch, context)
  return line && proofsOf(line).map(({ anchor }) => anchor)
}

/** Whether enough of the trusted witnesses signed an hour's root. */
function checkWitnesses(epoch: SealedEpoch, root: Note | undefined, context: Context): void {
  const { trust, checks, crypto } = context
  if (trust.witnesses === undefined) return
  const { keys, quorum } = trust.witnesses
  const anchor = signedFile('turnpike-epoch-anchor/v1', epoch.part.anchor, epoch, context)
  const lines = anchor === undefined ? [] : proofsOf(anchor).flatMap(cosignaturesOf)
  const note = root && { text: root.text, signatures: lines.flatMap(signatureOf) }
  const signed = keys.filter((key) => note && standingOf(note, key, crypto).kind === 'signed')
  if (signed.length < quorum)
    checks
      .of('signatures')
      .add(`${hourOf(epoch.part.epoch)}, witnesses`, `${quorum} that signed`, `${signed.length}`)
}

interface AnchorProof {
  readonly anchor: string
  readonly proof: Readonly<Record<string, unknown>>
}

function proofsOf({ fields }: SignedLine): AnchorProof[] {
  const { anchors } = fields
  if (!Array.isArray(anchors)) return []
  return anchors.map((one: { anchor?: unknown; proof?: unknown } | null) => ({
    anchor: String(one?.anchor),
    proof: (one?.proof ?? {}) as AnchorProof['proof'],
  }))
}

function cosignaturesOf({ anchor, proof }: AnchorProof): string[] {
  const { cosignatures } = proof
  return anchor === 'witness' && Array.isArray(cosignatures) ? cosignatures.map(String) : []
}

function signatureOf(line: string): Note['signatures'] {
  try {
    return [parseSignature(line.trimEnd())]
  } catch (error) {
    if (error instanceof BadNote) return []
    throw error
  }
}

function isHash(text: unknown, hash: Uint8Array): boolean {
  const bytes = typeof text === 'string' ? decodeBase64(text) : undefined
  return bytes !== undefined && sameBytes(bytes, hash)
}
