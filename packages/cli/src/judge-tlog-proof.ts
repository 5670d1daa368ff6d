/**
 * What a `.tlog-proof` file proves of a read, as `turnpike receipts verify` says it.
 * @module
 */
import { decodeEntry } from '@turnpike/audit/entry'
import type { Trust } from '@turnpike/audit/bundle/context'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { standingOf } from '@turnpike/audit/note'
import {
  BadTlogProof,
  checkTlogProof,
  parseTlogProof,
  type ProofVerdict,
  type TlogProof,
} from '@turnpike/audit/tlog-proof'
import { EXIT, type ExitCode } from './exit.ts'
import { oneLine } from './output.ts'
import type { Output } from './output.ts'
import { UsageRefused } from './verb.ts'

/**
 * Checks a file against the key of its log, and of witnesses where there are some, and prints what
 * came of it.
 *
 * @throws {UsageRefused} without a key: unlike a bundle, such a file holds none
 * @example
 * if (isTlogProof(text)) return judgeTlogProof(text, trust, output)
 */
export function judgeTlogProof(text: string, trust: Trust, output: Output): ExitCode {
  if (trust.key === undefined)
    throw new UsageRefused('--vkey expected: a .tlog-proof file does not hold the key of its log')
  const verdict = verdictOf(text, trust, trust.key)
  output.line(output.bold(verdict.holds ? 'Verified.' : 'Refused.'))
  for (const line of verdict.says) output.line(`  ${oneLine(line)}`)
  for (const problem of verdict.problems) output.line(`  FAIL ${oneLine(problem)}`)
  output.result(verdict)
  return verdict.holds ? EXIT.ok : EXIT.failed
}

interface Judged extends Pick<ProofVerdict, 'holds' | 'problems'> {
  readonly says: readonly string[]
}

function verdictOf(text: string, trust: Trust, key: NonNullable<Trust['key']>): Judged {
  try {
    const proof = parseTlogProof(text)
    if (proof.extra === undefined) throw new BadTlogProof('proof expected to hold its entry')
    const { origin, index, size, problems } = checkTlogProof(proof, { crypto: nodeCrypto, key })
    const all = [...problems, ...witnessProblems(proof, trust)]
    const place = `entry ${index} of ${size} in ${origin}`
    return { holds: all.length === 0, problems: all, says: [place, entryLine(proof.extra)] }
  } catch (error) {
    if (!(error instanceof BadTlogProof)) throw error
    return { holds: false, problems: [error.message], says: [] }
  }
}

function witnessProblems({ note }: TlogProof, { witnesses }: Trust): readonly string[] {
  if (witnesses === undefined) return []
  const { keys, quorum } = witnesses
  const signed = keys.filter((key) => standingOf(note, key, nodeCrypto).kind === 'signed').length
  if (signed >= quorum) return []
  return [`checkpoint expected the signatures of ${quorum} witnesses, got ${signed}`]
}

/** What the entry says; nothing vouches for that unless the proof holds. */
function entryLine(bytes: Uint8Array): string {
  try {
    const entry = decodeEntry(bytes)
    if (entry.kind !== 'read') return `it is a ${entry.kind}`
    return `a read of ${entry.space}: ${entry.bytes} bytes, status ${entry.status}`
  } catch {
    return 'it is no entry that is known here'
  }
}
