/**
 * A witness: it cosigns what each log says of itself, one history each, and keeps what it cosigned
 * before it says so. Source: C2SP tlog-witness.
 * @module
 */
import type { AuditCrypto } from '../crypto.ts'
import { cosignatureBytes, cosignedMessage, formatNote, formatSignature, keyIdOf } from '../note.ts'
import type { Note, NoteKey, NoteSignature } from '../note.ts'
import { judge, refuseStranger } from './judge.ts'
import type { Refusal, WatchedLog } from './judge.ts'
import { BadRequest, parseAddCheckpoint } from './request.ts'
import type { AddCheckpoint } from './request.ts'

/** Requests of logs that wait for their turn at most. */
export const WITNESS_QUEUE_MAX = 64

/** What a witness works with. */
export interface WitnessDeps {
  /** Its own key; its name is the witness's. */
  readonly key: NoteKey
  /** Signs by that key: 64 bytes of Ed25519. */
  sign(message: Uint8Array): Uint8Array
  /** The logs that it watches, each with what was cosigned last. */
  readonly logs: readonly WatchedLog[]
  /** Keeps the logs, all or nothing, and durably when it resolves. */
  persist(logs: readonly WatchedLog[]): Promise<void>
  /** Keeps two notes by which a log contradicts itself; by default they are let go. */
  accuse?(key: NoteKey, notes: readonly [Note, Note]): Promise<void>
  /** Time of a cosignature. */
  nowMs(): number
  readonly crypto: AuditCrypto
}

/** An answer over HTTP. */
export interface WitnessAnswer {
  readonly status: number
  readonly type: string
  readonly body: string
}

/** A witness by its name, of the logs that it was given. */
export class Witness {
  readonly #deps: WitnessDeps
  readonly #logs: Map<string, WatchedLog>
  /** The request under way, and those behind it. */
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  /** Why nothing is cosigned any more: what is on disk may be other than what is here. */
  #stopped: unknown

  constructor(deps: WitnessDeps) {
    this.#deps = deps
    this.#logs = new Map(deps.logs.map((log) => [log.key.name, log]))
  }

  /**
   * Answers a request. Requests of logs run one after the other: comparing with the newest
   * checkpoint and keeping the new one is one step.
   *
   * @example
   * const { status, type, body } = await witness.addCheckpoint(bytes)
   */
  async addCheckpoint(body: Uint8Array): Promise<WitnessAnswer> {
    let request: AddCheckpoint
    try {
      request = parseAddCheckpoint(body)
    } catch (error) {
      if (error instanceof BadRequest) return plain(400, error.message)
      throw error
    }
    // Whoever is no log gets no place in the queue.
    const log = this.#logs.get(request.checkpoint.origin)
    const refusal = refuseStranger(log, request, this.#deps.crypto)
    if (refusal !== undefined) return answerOf(refusal)
    if (this.#waiting >= WITNESS_QUEUE_MAX) return plain(503, 'expected less at once: try later')
    this.#waiting++
    const turn = this.#last.then(() => this.#inTurn(request))
    this.#last = turn.catch(() => {}).finally(() => this.#waiting--)
    return turn
  }

  /**
   * The newest checkpoint that was cosigned of the log with this origin, as bytes of a note;
   * undefined when there is none.
   */
  latest(origin: string): string | undefined {
    const note = this.#logs.get(origin)?.latest
    return note === undefined ? undefined : formatNote(note)
  }

  /** Ends what is under way. */
  async close(): Promise<void> {
    await this.#last
  }

  async #inTurn(request: AddCheckpoint): Promise<WitnessAnswer> {
    if (this.#stopped !== undefined) return plain(500, 'this witness must be started again')
    const log = this.#logs.get(request.checkpoint.origin)!
    const judgement = judge(log, request, this.#deps.crypto)
    if (judgement.kind === 'refuse') {
      const { contradiction } = judgement.refusal
      if (contradiction !== undefined) await this.#deps.accuse?.(log.key, contradiction)
      return answerOf(judgement.refusal)
    }
    const cosignature = this.#cosign(request.note.text)
    await this.#keep({ key: log.key, latest: this.#vouched(log.key, request.note, cosignature) })
    return { status: 200, type: PLAIN, body: `${formatSignature(cosignature)}\n` }
  }

  async #keep(log: WatchedLog): Promise<void> {
    const logs = new Map(this.#logs).set(log.key.name, log)
    try {
      await this.#deps.persist([...logs.values()])
    } catch (error) {
      // It may be on disk or not: only a new start knows.
      this.#stopped = error
      throw error
    }
    this.#logs.set(log.key.name, log)
  }

  #cosign(text: string): NoteSignature {
    const { key, sign, nowMs, crypto } = this.#deps
    const seconds = Math.floor(nowMs() / 1000)
    const signature = cosignatureBytes(seconds, sign(cosignedMessage(text, seconds)))
    return { name: key.name, keyId: keyIdOf(key, crypto), signature }
  }

  /** The note with the signatures that were verified, and no others. */
  #vouched(key: NoteKey, { text, signatures }: Note, cosignature: NoteSignature): Note {
    const id = keyIdOf(key, this.#deps.crypto).toString()
    const own = signatures.find((one) => one.name === key.name && one.keyId.toString() === id)!
    return { text, signatures: [own, cosignature] }
  }
}

const PLAIN = 'text/plain; charset=utf-8'

function plain(status: number, reason: string): WitnessAnswer {
  return { status, type: PLAIN, body: `${reason}\n` }
}

function answerOf({ status, type, body }: Refusal): WitnessAnswer {
  return { status, type, body }
}
