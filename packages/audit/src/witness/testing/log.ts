/**
 * A log for tests: leaves in memory, a key, checkpoints and proofs.
 * @module
 */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { encodeBase64 } from '../../base64.ts'
import { nodeCrypto } from '../../node-crypto.ts'
import { formatKey, keyIdOf, parseNote, formatNote } from '../../note.ts'
import type { Note, NoteKey } from '../../note.ts'
import { consistencyOf, rootOf } from '../../testing/tree.ts'
import { formatAddCheckpoint } from '../request.ts'

/** A log whose leaves are hashes of what they are called. */
export class TestLog {
  readonly key: NoteKey
  readonly vkey: string
  readonly leaves: Uint8Array[]
  readonly #secret: KeyObject

  constructor(
    origin: string,
    leaves: readonly Uint8Array[] = [],
    secret: KeyObject = generateKeyPairSync('ed25519').privateKey,
  ) {
    this.leaves = [...leaves]
    this.#secret = secret
    const jwk = secret.export({ format: 'jwk' })
    const publicKey = new Uint8Array(Buffer.from(jwk.x!, 'base64url'))
    this.key = { name: origin, kind: 'log', publicKey }
    this.vkey = formatKey(this.key, nodeCrypto)
  }

  /** Adds so many leaves; those of another `history` are other leaves. */
  grow(count: number, history = 'main'): this {
    for (let i = 0; i < count; i++)
      this.leaves.push(nodeCrypto.sha256(Buffer.from(`${history} ${this.leaves.length}`)))
    return this
  }

  /** What the log says of its first leaves. */
  checkpoint(size: number = this.leaves.length): Note {
    return this.sign(
      `${this.key.name}\n${size}\n${encodeBase64(rootOf(this.leaves.slice(0, size)))}\n`,
    )
  }

  sign(text: string): Note {
    const signature = new Uint8Array(sign(null, Buffer.from(text), this.#secret))
    const signatures = [{ name: this.key.name, keyId: keyIdOf(this.key, nodeCrypto), signature }]
    return parseNote(formatNote({ text, signatures }))
  }

  /** A request to a witness that is at `oldSize`. */
  request(oldSize: number, size: number = this.leaves.length): Uint8Array {
    const proof = consistencyOf(oldSize, this.leaves.slice(0, size))
    return formatAddCheckpoint({ oldSize, proof, note: this.checkpoint(size) })
  }

  /** A log with the same key whose leaves from `size` on are others. */
  forkAt(size: number, history = 'other'): TestLog {
    const fork = new TestLog(this.key.name, this.leaves.slice(0, size), this.#secret)
    return fork.grow(this.leaves.length - size, history)
  }
}
