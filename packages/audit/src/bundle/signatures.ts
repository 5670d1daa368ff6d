/**
 * Check 1: who signed the bundle and the log that it leads to.
 * @module
 */
import { encodeHex } from '../base64.ts'
import { formatKey, parseCheckpoint, parseKey, parseNote, standingOf } from '../note.ts'
import type { Note, NoteKey } from '../note.ts'
import type { AuditCrypto } from '../crypto.ts'
import type { TreeHead } from '../proof.ts'
import { parseSignedLine } from '../signed-line.ts'
import type { Trust } from './context.ts'
import type { Bundle } from './format.ts'
import type { Statement } from './statement.ts'
import type { Checks } from './verdict.ts'

/** Type of the line in which a gateway says what a bundle is. */
export const CLAIM_TYPE = 'turnpike-statement-claim/v1'

const utf8 = new TextEncoder()

/** Who signed, and what the proofs lead to. */
export interface Signed {
  readonly key: NoteKey
  readonly head: TreeHead
  /** Whether the operator signed this bundle as it is. */
  readonly isClaimed: boolean
}

/**
 * Checks the signatures of a bundle.
 *
 * @throws {BadNote} when a key or a note is none
 */
export function checkSignatures(
  bundle: Bundle,
  statement: Statement,
  trust: Trust,
  { checks, crypto }: { readonly checks: Checks; readonly crypto: AuditCrypto },
): Signed {
  const findings = checks.of('signatures')
  if (!bundle.isCompact) findings.add('file', 'compact JSON, each field once', 'another spelling')
  const own = parseKey(bundle.log, crypto)
  const key = trust.key ?? own
  findings.same('the log’s key', formatKey(key, crypto), formatKey(own, crypto))
  const checkpoint = parseNote(bundle.checkpoint)
  const { origin, size, root } = parseCheckpoint(checkpoint.text)
  findings.same('checkpoint, origin', key.name, origin)
  const isSigned = signedBy(key, checkpoint, crypto)
  if (!isSigned) findings.add('checkpoint', `a signature by ${key.name}`, 'none that holds')
  const before = findings.count
  checkClaim(bundle, statement, key, { checks, crypto })
  const isClaimed = findings.count === before
  checks.say('signatures', `by ${key.name}, at entry ${size}`)
  return { key, head: { size, root }, isClaimed }
}

/** Whether a key signed a note, and no signature by it is wrong. */
export function signedBy(key: NoteKey, note: Note, crypto: AuditCrypto): boolean {
  return standingOf(note, key, crypto).kind === 'signed'
}

function checkClaim(
  { claim, body, statement: json }: Bundle,
  statement: Statement,
  key: NoteKey,
  { checks, crypto }: { readonly checks: Checks; readonly crypto: AuditCrypto },
): void {
  const findings = checks.of('signatures')
  const { note, fields } = parseSignedLine(CLAIM_TYPE, claim)
  if (!signedBy(key, note, crypto))
    findings.add('claim', `a signature by ${key.name}`, 'none that holds')
  const digestOf = (text: string): string => encodeHex(crypto.sha256(utf8.encode(text)))
  const expected = {
    origin: key.name,
    account: statement.account,
    period: statement.periodName,
    status: statement.status,
    statement: digestOf(json),
    bundle: digestOf(body),
  }
  for (const [name, value] of Object.entries(expected))
    findings.same(`claim, ${name}`, String(fields[name]), value)
}
