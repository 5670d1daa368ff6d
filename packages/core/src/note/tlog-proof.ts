/**
 * Proofs that an entry is in a log, in one file that is checked offline.
 * Source: C2SP tlog-proof.
 * @module
 */
import { concatBytes } from '../bytes.ts'
import { encodeBase64 } from './base64.ts'

/** First line of such a file. */
export const TLOG_PROOF_HEADER = 'c2sp.org/tlog-proof@v1'

/** What a file says. */
export interface TlogProof {
  /** The application's own; the file does not vouch for it. Here: the entry. */
  readonly extra?: Uint8Array
  /** Of the entry in the log. */
  readonly index: number
  /** From the leaf's sibling upwards (32 bytes each). */
  readonly hashes: readonly Uint8Array[]
  /** The checkpoint whose root they lead to: a signed note, as bytes. */
  readonly checkpoint: Uint8Array
}

/**
 * The bytes of a `.tlog-proof` file.
 *
 * @example
 * const file = encodeTlogProof({ extra: entry, index, hashes, checkpoint })
 */
export function encodeTlogProof({ extra, index, hashes, checkpoint }: TlogProof): Uint8Array {
  const lines = [
    TLOG_PROOF_HEADER,
    ...(extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...hashes.map(encodeBase64),
  ]
  return concatBytes([new TextEncoder().encode(`${lines.join('\n')}\n\n`), checkpoint])
}
