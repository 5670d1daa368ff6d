/**
 * Checks proofs of misbehaviour: whether an operator really signed two things that can't both be.
 * @module
 */
import { asBytes, asCount, asList, asObject, asText, parseObject } from './bundle/fields.ts'
import { BadBundle, compactJson } from './bundle/fields.ts'
import type { Fields } from './bundle/fields.ts'
import { verifyBundle } from './bundle/verify.ts'
import { sameBytes } from './base64.ts'
import type { AuditCrypto } from './crypto.ts'
import { billedTwice } from './billed-twice.ts'
import { MISBEHAVIOUR_TYPE } from './misbehaviour.ts'
import type { Rule } from './misbehaviour.ts'
import { BadNote, parseCheckpoint, parseKey, parseNote, standingOf } from './note.ts'
import type { Checkpoint, NoteKey } from './note.ts'
import { isConsistent, isIncluded, PROOF_HASHES_MAX } from './proof.ts'
import { parseSignedLine } from './signed-line.ts'
import type { SignedLine } from './signed-line.ts'

/** What came of checking a proof of misbehaviour. */
export interface Accusation {
  /** Whether the evidence shows it. */
  readonly holds: boolean
  readonly rule: string
  /** The log's key, as the evidence names it: whose it is, others have to know. */
  readonly log: string
  readonly says: string
}

/** What a rule comes to: undefined when the evidence does not show it. */
type Judge = (evidence: Fields, crypto: AuditCrypto) => { log: string; says: string } | undefined

const JUDGES: Readonly<Record<Rule, Judge>> = {
  'split-view': splitView,
  rewritten,
  fork,
  epoch: epochTwice,
  root: otherRoot,
  statement: statementFails,
  'billed-twice': twiceBilled,
}

/**
 * Checks a proof of misbehaviour. It never throws for what is in it.
 *
 * @example
 * const { holds, says } = checkMisbehaviour(await readFile('proof.json', 'utf8'), nodeCrypto)
 */
export function checkMisbehaviour(text: string, crypto: AuditCrypto): Accusation {
  let rule = ''
  try {
    const fields = parseObject(text, 'proof')
    rule = asText(fields['rule'], 'rule')
    if (fields['type'] !== MISBEHAVIOUR_TYPE || !Object.hasOwn(JUDGES, rule))
      throw new BadBundle(`proof expected a rule of ${MISBEHAVIOUR_TYPE}, got "${rule}"`)
    const shown = JUDGES[rule as Rule](asObject(fields['evidence'], 'evidence'), crypto)
    if (shown !== undefined) return { holds: true, rule, ...shown }
    return { holds: false, rule, log: '', says: 'The evidence does not show it.' }
  } catch (error) {
    if (!(error instanceof BadBundle || error instanceof BadNote)) throw error
    return { holds: false, rule, log: '', says: error.message }
  }
}

function splitView(evidence: Fields, crypto: AuditCrypto): ReturnType<Judge> {
  const { log, key } = keyOf(evidence, crypto)
  const [a, b] = pair(evidence['checkpoints']).map((text) => checkpointBy(key, text, crypto))
  if (a!.size !== b!.size || sameBytes(a!.root, b!.root)) return undefined
  return { log, says: `The log signed two roots of ${a!.size} entries.` }
}

function rewritten(evidence: Fields, crypto: AuditCrypto): ReturnType<Judge> {
  const { log, key } = keyOf(evidence, crypto)
  const index = asCount(evidence['index'], 'index')
  const heads = pair(evidence['checkpoints']).map((text) => checkpointBy(key, text, crypto))
  const leaves = asList(evidence['leaves'], 'leaves', 2).map((one) => asBytes(one, 'leaves'))
  const proofs = asList(evidence['proofs'], 'proofs', 2).map((one) =>
    asList(one, 'proofs', PROOF_HASHES_MAX).map((hash) => asBytes(hash, 'proofs')),
  )
  if (leaves.length !== 2 || proofs.length !== 2) return undefined
  const areIn = leaves.every((leaf, i) =>
    isIncluded({ index, leaf }, heads[i]!, proofs[i]!, crypto),
  )
  if (!areIn || sameBytes(leaves[0]!, leaves[1]!)) return undefined
  return { log, says: `The log signed two trees that differ in entry ${index}.` }
}

function fork(evidence: Fields, crypto: AuditCrypto): ReturnType<Judge> {
  const { log, key } = keyOf(evidence, crypto)
  const [before, now] = pair(evidence['checkpoints']).map((text) => checkpointBy(key, text, crypto))
  const root = asBytes(evidence['root'], 'root')
  const hashes = asList(evidence['proof'], 'proof', PROOF_HASHES_MAX)
  const proof = hashes.map((hash) => asBytes(hash, 'proof'))
  const { size } = before!
  if (!isConsistent({ size, root }, now!, proof, crypto)) return undefined
  if (sameBytes(root, before!.root)) return undefined
  return { log, says: `The log signed two trees that differ in their first ${size} entries.` }
}

/** Files of an epoch that never change. */
const EPOCH_FILES = ['turnpike-epoch-root/v1', 'turnpike-epoch-final/v1']

function epochTwice(evidence: Fields, crypto: AuditCrypto): ReturnType<Judge> {
  const { log, key } = keyOf(evidence, crypto)
  const texts = pair(evidence['files'])
  for (const type of EPOCH_FILES) {
    const [a, b] = texts.map((text) => lineBy(key, type, text, crypto))
    if (a === undefined || b === undefined) continue
    const { epoch } = a.fields
    if (epoch !== b.fields['epoch'] || a.note.text === b.note.text) return undefined
    return { log, says: `The log signed two different files ${type} of epoch ${epoch}.` }
  }
  return undefined
}

function otherRoot(evidence: Fields, crypto: AuditCrypto): ReturnType<Judge> {
  const { log, key } = keyOf(evidence, crypto)
  const file = lineBy(key, EPOCH_FILES[0]!, asText(evidence['file'], 'file'), crypto)
  const head = checkpointBy(key, asText(evidence['checkpoint'], 'checkpoint'), crypto)
  if (file === undefined || file.fields['end'] !== head.size) return undefined
  if (sameBytes(asBytes(file.fields['root'], 'root'), head.root)) return undefined
  return { log, says: `The log signed two roots of ${head.size} entries.` }
}

function statementFails(evidence: Fields, crypto: AuditCrypto): ReturnType<Judge> {
  const bundle = compactJson(asObject(evidence['bundle'], 'bundle'), 'bundle')
  const { log, misbehaviour, account, period } = verifyBundle(bundle, {}, crypto).verdict
  if (misbehaviour === null) return undefined
  return { log, says: `The gateway signed a statement of ${account}, ${period}, that fails.` }
}

function twiceBilled(evidence: Fields, crypto: AuditCrypto): ReturnType<Judge> {
  const verified = asList(evidence['bundles'], 'bundles', 2).map((one) =>
    verifyBundle(compactJson(asObject(one, 'bundles'), 'bundles'), {}, crypto),
  )
  const [twice] = billedTwice(verified)
  const [a, b] = verified.map(({ verdict }) => verdict)
  if (twice === undefined || !a!.holds || !b!.holds || a!.log !== b!.log) return undefined
  return { log: a!.log, says: `The gateway signed two statements that bill ${twice.where}.` }
}

function keyOf(evidence: Fields, crypto: AuditCrypto): { log: string; key: NoteKey } {
  const log = asText(evidence['key'], 'key')
  return { log, key: parseKey(log, crypto) }
}

function pair(value: unknown): [string, string] {
  const [a, b] = asList(value, 'evidence', 2).map((one) => asText(one, 'evidence'))
  if (a === undefined || b === undefined) throw new BadBundle('evidence expected two texts')
  return [a, b]
}

/** A checkpoint that a key signed, of the log that is named so. */
function checkpointBy(key: NoteKey, text: string, crypto: AuditCrypto): Checkpoint {
  const note = parseNote(text)
  const checkpoint = parseCheckpoint(note.text)
  if (checkpoint.origin !== key.name || standingOf(note, key, crypto).kind !== 'signed')
    throw new BadNote(`checkpoint expected a signature by ${key.name}`)
  return checkpoint
}

/** A line of a type that a key signed; undefined when it is of another type. */
function lineBy(
  key: NoteKey,
  type: string,
  text: string,
  crypto: AuditCrypto,
): SignedLine | undefined {
  if (!text.startsWith(`{"type":"${type}"`)) return undefined
  const line = parseSignedLine(type, text)
  if (standingOf(line.note, key, crypto).kind !== 'signed')
    throw new BadNote(`${type} expected a signature by ${key.name}`)
  return line
}
