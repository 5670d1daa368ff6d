/**
 * Publishes what the records say of epochs, as signed files.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { anchorFile, anchorPath, type Anchoring } from '@turnpike/core/epochs/anchor-file'
import { finalFile, finalPath, parseFinalFile } from '@turnpike/core/epochs/final-file'
import type { FinalAnchoring, PublishedFinal } from '@turnpike/core/epochs/final-file'
import { parseRootFile, rootFile, rootPath } from '@turnpike/core/epochs/root-file'
import { EPOCHS_STEP_MAX } from '@turnpike/core/limits/receipts'
import { formatKey } from '@turnpike/core/note/key'
import { verifyNote } from '@turnpike/core/note/note'
import type { NoteSigner, SignedNote } from '@turnpike/core/note/note'
import type { EpochFiles } from '@turnpike/core/ports/epoch-files'
import type { EpochRecord, EpochStore } from '@turnpike/core/ports/epoch-store'
import type { SignatureVerifier } from '@turnpike/core/ports/keys'
import type { LogFile } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from '../errors.ts'

/** Path of the log's verifier key below `receipts/`. */
export const VKEY_PATH = 'log.vkey'

/** What publishing takes. */
export interface PublisherDeps {
  readonly store: EpochStore
  readonly files: EpochFiles
  readonly signer: NoteSigner
  readonly verifier: SignatureVerifier
  readonly hasher: Hasher
}

/** A file as it should be, and how to read what is there for good once it is signed. */
interface Published extends LogFile {
  readonly note?: (bytes: Uint8Array) => SignedNote | undefined
}

/**
 * Writes files that are missing or different from the records.
 *
 * A `.root` and a `.final` are said once: one that is validly signed and says something else shows
 * that the records are of an older copy. Nothing is signed over it.
 */
export class EpochPublisher {
  readonly #deps: PublisherDeps
  /** Where a look at all files goes on; undefined when it has ended. */
  #next: number | undefined = 0

  constructor(deps: PublisherDeps) {
    this.#deps = deps
  }

  /**
   * Publishes epochs as they are in the records.
   *
   * @throws {LogCorrupt} when another `.root` or `.final` of one of them was signed before
   */
  async publish(records: readonly EpochRecord[]): Promise<void> {
    const changed: LogFile[] = []
    for (const record of records)
      for (const file of await this.#filesOf(record))
        if (await this.#isToWrite(file)) changed.push(file)
    if (changed.length > 0) await this.#deps.files.put(changed)
  }

  /** What a `.final` says that was signed before, if there is one. */
  async finalBefore(epoch: number): Promise<PublishedFinal | undefined> {
    const bytes = await this.#deps.files.get(finalPath(epoch))
    const parsed = bytes && parseFinalFile(bytes).ok
    if (parsed === undefined || !(await this.#isOurs(parsed.note))) return undefined
    return parsed.value
  }

  /** Starts to compare all files with the records again. */
  lookAgain(): void {
    this.#next = 0
  }

  /** Goes on with that look, some epochs at a time. Says whether it has ended. */
  async look(): Promise<boolean> {
    if (this.#next === undefined) return true
    if (this.#next === 0) await this.#publishKey()
    const records = await this.#deps.store.list(this.#next, EPOCHS_STEP_MAX)
    await this.publish(records)
    const last = records.at(-1)
    const isEnd = last === undefined || records.length < EPOCHS_STEP_MAX
    this.#next = isEnd ? undefined : last.statement.epoch + 1
    return isEnd
  }

  async #publishKey(): Promise<void> {
    const { signer, hasher, files } = this.#deps
    const key = formatKey({ ...signer, kind: 'ed25519' }, hasher)
    const file = { path: VKEY_PATH, bytes: new TextEncoder().encode(`${key}\n`) }
    if (await this.#isToWrite(file)) await files.put([file])
  }

  async #filesOf({ statement, anchorings, final }: EpochRecord): Promise<Published[]> {
    const { signer, hasher } = this.#deps
    const { epoch } = statement
    const root = await rootFile(statement, signer, hasher)
    const files: Published[] = [{ path: rootPath(epoch), bytes: root, note: rootNote }]
    const anchors = final === undefined ? anchorings : heldFor(anchorings, final.anchors)
    if (anchors.length > 0) {
      const bytes = await anchorFile({ ...statement, anchors }, signer, hasher)
      files.push({ path: anchorPath(epoch), bytes })
    }
    if (final !== undefined) {
      const bytes = await finalFile({ ...statement, ...final }, signer, hasher)
      files.push({ path: finalPath(epoch), bytes, note: finalNote })
    }
    return files
  }

  async #isToWrite({ path, bytes, note }: Published): Promise<boolean> {
    const there = await this.#deps.files.get(path)
    if (there === undefined) return true
    if (bytesEqual(there, bytes)) return false
    const said = note?.(there)
    if (said !== undefined && (await this.#isOurs(said)))
      throw new LogCorrupt(
        `receipts/${path}`,
        'text',
        'expected what the records say, got something else that the log has signed: they are of ' +
          'an older copy',
      )
    return true
  }

  async #isOurs(note: SignedNote): Promise<boolean> {
    const { name, publicKey } = this.#deps.signer
    const key = { name, kind: 'ed25519', publicKey } as const
    return (await verifyNote(note, key, this.#deps)).error === undefined
  }
}

/** Standings of a final epoch: what was said for good holds, whatever is heard of it later. */
function heldFor(
  standings: readonly Anchoring[],
  final: readonly FinalAnchoring[],
): readonly Anchoring[] {
  const held = new Map(standings.map((one) => [one.anchor, one]))
  for (const { anchor, proof } of final) held.set(anchor, { anchor, state: 'final', proof })
  return [...held.values()]
}

function rootNote(bytes: Uint8Array): SignedNote | undefined {
  return parseRootFile(bytes).ok?.note
}

function finalNote(bytes: Uint8Array): SignedNote | undefined {
  return parseFinalFile(bytes).ok?.note
}
