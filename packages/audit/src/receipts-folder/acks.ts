/**
 * What readers acknowledged: counted, and held against their signatures.
 * @module
 */
import { encodeHex } from '../base64.ts'
import type { Ack, Entry } from '../entry.ts'
import type { Findings } from '../findings.ts'
import { nodeCrypto } from '../node-crypto.ts'

const PUBLIC_ID_BYTES = 16

/** Counts the ACKs of one log. */
export class Acks {
  /** ACKs whose READ is there, and whose signature holds. */
  count = 0
  /** Sum of the bytes that readers say they received. */
  bytes = 0n
  readonly #origin: string | undefined
  readonly #findings: Findings

  constructor(origin: string | undefined, findings: Findings) {
    this.#origin = origin
    this.#findings = findings
  }

  /** Takes an ACK; `read` is the entry that it is for, undefined when that is gone. */
  add(where: string, ack: Ack, read: Entry | undefined): void {
    if (read === undefined || this.#origin === undefined) return
    if (read.kind !== 'read') return this.#findings.add(where, 'an ACK of a READ', read.kind)
    const id = encodeHex(nodeCrypto.sha256(read.id).subarray(0, PUBLIC_ID_BYTES))
    const text = `receipt-ack/v1\n${this.#origin}\n${id}\n${ack.bytes}\n${ack.ts}\n`
    if (!nodeCrypto.verifyEd25519(ack.key, Buffer.from(text), ack.signature))
      return this.#findings.add(where, 'an ACK that its key signed', 'a wrong signature')
    this.count++
    this.bytes += ack.bytes
  }
}
