/**
 * The anchor `witness`: an epoch is there for good when enough witnesses have cosigned it. More
 * than half of them are needed, so that no two histories of a log can both be.
 * Source: C2SP tlog-witness, tlog-cosignature.
 * @module
 */
import { CHECKPOINT_PATH } from '@turnpike/accounting/checkpoint'
import { consistencyProof, type CommittedLog } from '@turnpike/accounting/proofs'
import { WITNESS_NOTES_MAX } from '@turnpike/core/limits/receipts'
import { encodeBase64 } from '@turnpike/core/note/base64'
import { encodeNote, parseNote } from '@turnpike/core/note/note'
import type { NoteSignature, SignedNote } from '@turnpike/core/note/note'
import { AnchorConflict, AnchorUnavailable } from '@turnpike/core/ports/anchor'
import type {
  Anchor,
  AnchorFault,
  AnchorIntent,
  AnchorProof,
  AnchorStanding,
  EpochStatement,
} from '@turnpike/core/ports/anchor'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'
import { askWitness, type AskDeps, type WitnessAt, type WitnessOutcome } from './ask.ts'

/** What the anchor works with. */
export interface WitnessAnchorDeps extends AskDeps {
  readonly witnesses: readonly WitnessAt[]
  /** How many of them have to cosign. */
  readonly quorum: number
  /** The log as it is committed now. */
  log(): Promise<CommittedLog>
}

/** A checkpoint and who has cosigned it so far. */
interface Gathered {
  readonly size: number
  readonly note: SignedNote
  readonly cosignatures: Map<WitnessAt, NoteSignature>
}

/** What the witnesses said when all of them were asked. */
type Outcomes = readonly (readonly [WitnessAt, WitnessOutcome])[]

/**
 * Makes the anchor. What it gathered is in memory only: after a crash witnesses are asked again,
 * and those that are further on by then cosign the log as it is, which goes on from the epoch.
 *
 * @throws {RangeError} when the quorum is not more than half of the witnesses, or more than all
 * @example
 * const anchor = new WitnessAnchor({ witnesses, quorum: 2, log, ...ports })
 */
export class WitnessAnchor implements Anchor {
  readonly name = 'witness'
  /** Each epoch has its own cosignatures, so that it can be checked without the others. */
  readonly epochsMax = 1
  readonly #deps: WitnessAnchorDeps
  /** By size, in the order in which they were asked for. */
  readonly #gathered = new Map<number, Gathered>()

  constructor(deps: WitnessAnchorDeps) {
    const { quorum, witnesses } = deps
    if (!Number.isInteger(quorum) || 2 * quorum <= witnesses.length || quorum > witnesses.length)
      throw new RangeError(
        `"witnessQuorum" expected more than half of ${witnesses.length} witnesses, got ${quorum}`,
      )
    this.#deps = deps
  }

  async check(newest: EpochStatement): Promise<Result<Unit, AnchorFault>> {
    const log = await this.#deps.log()
    const outcomes = await this.#gather(log, { bytes: newest.checkpoint, guess: newest.first })
    const fault = this.#faultOf(outcomes, log)
    return fault instanceof AnchorConflict ? fail(fault) : ok({})
  }

  async prepare(epochs: readonly EpochStatement[]): Promise<Result<AnchorIntent, AnchorFault>> {
    const { epoch, end } = onlyOne(epochs)
    const text = JSON.stringify({ kind: this.name, epoch, end })
    return ok({ epochs: [epoch], bytes: new Uint8Array(Buffer.from(text)) })
  }

  async submit(
    _: AnchorIntent,
    epochs: readonly EpochStatement[],
  ): Promise<Result<Unit, AnchorFault>> {
    const epoch = onlyOne(epochs)
    const log = await this.#deps.log()
    if (this.#complete(epoch.end) !== undefined) return ok({})
    let outcomes = await this.#gather(log, { bytes: epoch.checkpoint, guess: epoch.first })
    if (this.#complete(epoch.end) === undefined && outcomes.some(([, one]) => one.kind === 'ahead'))
      outcomes = await this.#gatherNow(log, epoch, outcomes)
    return this.#complete(epoch.end) === undefined ? fail(this.#faultOf(outcomes, log)) : ok({})
  }

  async standing(
    _: AnchorIntent,
    epochs: readonly EpochStatement[],
  ): Promise<Result<AnchorStanding, AnchorFault>> {
    const { end } = onlyOne(epochs)
    const gathered = this.#complete(end)
    if (gathered === undefined) return ok({ kind: 'waiting' })
    return ok({ kind: 'final', proof: await this.#proofOf(gathered, end) })
  }

  /** The smallest checkpoint from `end` on that enough witnesses have cosigned. */
  #complete(end: number): Gathered | undefined {
    let found: Gathered | undefined
    for (const one of this.#gathered.values())
      if (one.size >= end && this.#isEnough(one) && !(one.size >= (found?.size ?? Infinity)))
        found = one
    return found
  }

  #isEnough({ cosignatures }: Gathered): boolean {
    return cosignatures.size >= this.#deps.quorum
  }

  /** Asks those that have not cosigned a checkpoint yet, all at once. */
  async #gather(
    log: CommittedLog,
    { bytes, guess }: { readonly bytes: Uint8Array; readonly guess: number },
  ): Promise<Outcomes> {
    const gathered = this.#gatheredOf(bytes)
    const { size, note, cosignatures } = gathered
    const missing = this.#deps.witnesses.filter((one) => !cosignatures.has(one))
    return Promise.all(
      missing.map(async (witness) => {
        const outcome = await askWitness(witness, { log, size, note }, guess, this.#deps)
        if (outcome.kind === 'cosigned') cosignatures.set(witness, outcome.signature)
        return [witness, outcome] as const
      }),
    )
  }

  /** Asks for the log as it was published last, when witnesses are further on than an epoch. */
  async #gatherNow(
    log: CommittedLog,
    { end }: EpochStatement,
    before: Outcomes,
  ): Promise<Outcomes> {
    const bytes = await log.store.get(CHECKPOINT_PATH)
    const size = bytes === undefined ? 0 : sizeOf(parsed(bytes))
    if (bytes === undefined || size <= end || size > log.state.size) return before
    return this.#gather(log, { bytes, guess: end })
  }

  #gatheredOf(bytes: Uint8Array): Gathered {
    const note = parsed(bytes)
    const size = sizeOf(note)
    const known = this.#gathered.get(size)
    if (known !== undefined) return known
    const gathered = { size, note, cosignatures: new Map<WitnessAt, NoteSignature>() }
    this.#gathered.set(size, gathered)
    for (const oldest of this.#gathered.keys()) {
      if (this.#gathered.size <= WITNESS_NOTES_MAX) break
      this.#gathered.delete(oldest)
    }
    return gathered
  }

  /** Why there is no quorum: too many have seen another log, or it may still come. */
  #faultOf(outcomes: Outcomes, { state }: CommittedLog): AnchorFault {
    const against: string[] = []
    const waiting: string[] = []
    for (const [{ key }, outcome] of outcomes)
      if (outcome.kind === 'differs') against.push(`${key.name}: ${outcome.reason}`)
      else if (outcome.kind === 'unavailable') waiting.push(`${key.name}: ${outcome.reason}`)
      else if (outcome.kind === 'ahead' && outcome.size > state.size)
        against.push(`${key.name}: it has seen ${outcome.size} entries, the log has ${state.size}`)
      else if (outcome.kind === 'ahead') waiting.push(`${key.name}: it is at ${outcome.size}`)
    const { quorum, witnesses } = this.#deps
    if (witnesses.length - against.length < quorum)
      return new AnchorConflict(`witnesses have seen another log: ${against.join('; ')}`)
    return new AnchorUnavailable(
      `expected ${quorum} of ${witnesses.length} witnesses: ${[...against, ...waiting].join('; ')}`,
    )
  }

  /** Cosignatures of the epoch's own checkpoint, or a later one whole, and that it goes on. */
  async #proofOf({ size, note, cosignatures }: Gathered, end: number): Promise<AnchorProof> {
    const { quorum } = this.#deps
    const signatures = [...cosignatures.values()]
    if (size === end) return { kind: this.name, quorum, cosignatures: signatures.map(lineOf) }
    const hashes = await consistencyProof(await this.#deps.log(), end, size)
    const whole = encodeNote({ ...note, signatures: [...note.signatures, ...signatures] })
    const checkpoint = Buffer.from(whole).toString()
    const consistency = hashes.map(encodeBase64)
    return { kind: this.name, quorum, cosignatures: [], checkpoint, consistency }
  }
}

function onlyOne(epochs: readonly EpochStatement[]): EpochStatement {
  const [epoch, ...more] = epochs
  if (epoch === undefined || more.length > 0)
    throw new TypeError(`"epochs" expected 1, got ${epochs.length}`)
  return epoch
}

/** A checkpoint of our own. */
function parsed(bytes: Uint8Array): SignedNote {
  const { ok: note, error } = parseNote(bytes)
  if (note === undefined) throw new TypeError(`checkpoint expected a note: ${error.message}`)
  return note
}

function sizeOf({ text }: SignedNote): number {
  return Number(text.split('\n')[1])
}

/** A signature as a line of a note, without its end. */
function lineOf({ name, keyId, signature }: NoteSignature): string {
  return `\u2014 ${name} ${encodeBase64(new Uint8Array([...keyId, ...signature]))}`
}
