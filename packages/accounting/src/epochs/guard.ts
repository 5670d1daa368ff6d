/**
 * Sees to it that the log is not behind what was signed of its epochs, nor in conflict with what an
 * anchor holds.
 * Source: receipts, section 6.5, "Recovery".
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { parseRootFile, rootPath } from '@turnpike/core/epochs/root-file'
import { EPOCH_ROOTS_LOOKED_MAX } from '@turnpike/core/limits/receipts'
import { verifyNote } from '@turnpike/core/note/note'
import type { NoteSigner } from '@turnpike/core/note/note'
import { AnchorConflict } from '@turnpike/core/ports/anchor'
import type { EpochFiles } from '@turnpike/core/ports/epoch-files'
import type { EpochStore } from '@turnpike/core/ports/epoch-store'
import type { SignatureVerifier } from '@turnpike/core/ports/keys'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { LogCorrupt } from '../errors.ts'
import { rootAt } from '../proofs.ts'
import type { CommittedLog } from '../proofs.ts'

/** What a sequencer asks before it builds on a log. */
export interface LogGuard {
  /** Why nothing may go on; asked in each round. */
  standstill(): Promise<AnchorConflict | undefined>
  /**
   * Compares a log with what was signed of it; asked when it is loaded.
   *
   * @throws {LogCorrupt} when it is behind, or another
   */
  check(log: CommittedLog): Promise<void>
}

/** What a guard looks at. */
export interface GuardDeps {
  readonly epochs: Pick<EpochStore, 'last' | 'conflict'>
  readonly files: Pick<EpochFiles, 'get' | 'newestRoot'>
  readonly signer: NoteSigner
  readonly verifier: SignatureVerifier
  readonly hasher: Hasher
}

/** The newest epoch that was signed, by one who knows it. */
interface Signed {
  readonly where: string
  readonly epoch: number
  readonly end: number
  readonly root: Uint8Array
}

/**
 * A guard by the records of epochs and by their files: either may be from an older copy.
 *
 * @example
 * const sequencer = new Sequencer({ ...deps, guard: epochGuard({ epochs, files, ...ports }) })
 */
export function epochGuard(deps: GuardDeps): LogGuard {
  return {
    async standstill() {
      const conflict = await deps.epochs.conflict()
      return conflict && new AnchorConflict(`${conflict.anchor}: ${conflict.message}`)
    },
    async check(log) {
      for (const signed of [await recorded(deps), await published(deps)])
        if (signed !== undefined) await refuseOther(log, signed)
    },
  }
}

async function recorded({ epochs }: GuardDeps): Promise<Signed | undefined> {
  const last = await epochs.last()
  return last && { ...last.statement, where: 'billing.sqlite' }
}

/** A file that is damaged or somebody else's says nothing: those before it do. */
async function published(deps: GuardDeps): Promise<Signed | undefined> {
  let epoch = await deps.files.newestRoot()
  for (let looked = 0; epoch !== undefined && looked < EPOCH_ROOTS_LOOKED_MAX; looked++) {
    const signed = await signedRoot(deps, epoch)
    if (signed !== undefined) return signed
    epoch = await deps.files.newestRoot(epoch)
  }
  return undefined
}

async function signedRoot(deps: GuardDeps, epoch: number): Promise<Signed | undefined> {
  const bytes = await deps.files.get(rootPath(epoch))
  const parsed = bytes && parseRootFile(bytes).ok
  if (parsed === undefined) return undefined
  const { name, publicKey } = deps.signer
  const key = { name, kind: 'ed25519', publicKey } as const
  const { ok: signature } = await verifyNote(parsed.note, key, deps)
  return signature && { ...parsed.value, where: `receipts/${rootPath(epoch)}` }
}

async function refuseOther(log: CommittedLog, { where, epoch, end, root }: Signed): Promise<void> {
  const { size } = log.state
  if (end > size)
    throw new LogCorrupt(
      where,
      `epoch ${epoch}`,
      `expected a log of >= ${end} entries, as it was signed, got ${size}: ` +
        'restore the newer copy of the folder',
    )
  if (!bytesEqual(await rootAt(log, end), root))
    throw new LogCorrupt(where, `epoch ${epoch}`, `expected its root to be the log's at ${end}`)
}
