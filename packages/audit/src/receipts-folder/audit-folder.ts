/**
 * The audit of a data folder: recomputes its log, and holds whatever stands below `log/`,
 * `journal/` and `receipts/` against it.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EpochSums } from '../epoch-sums.ts'
import { Findings, hex } from '../findings.ts'
import type { Difference } from '../findings.ts'
import { decodeKept } from '../kept.ts'
import { LogFolder } from '../log-folder.ts'
import type { LogState } from '../log-folder.ts'
import { LogWalk } from '../log-walk.ts'
import type { Misbehaviour } from '../misbehaviour.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { formatKey } from '../note.ts'
import type { NoteKey } from '../note.ts'
import { walkAll } from '../walk-all.ts'
import type { AuditOptions } from '../walk-all.ts'
import { Acks } from './acks.ts'
import { EpochFiles } from './epoch-files.ts'
import type { EpochCounts } from './epoch-files.ts'
import { EpochRecords } from './epoch-records.ts'
import { forkProofs } from './forks.ts'
import { checkJournals } from './journals.ts'
import { checkLogNames, checkOwnWord } from './log-names.ts'
import { readOr } from './read-or.ts'
import { KEY_PATH, logKey, readCheckpoint } from './signatures.ts'
import type { Slot } from './slot.ts'
import { RECORD, readStopRecord } from './stop-record.ts'

/** How to audit a folder. */
export interface FolderAuditOptions extends AuditOptions {
  /** The log's key as somebody knows it from elsewhere; by default the folder's own word. */
  readonly vkey?: string | undefined
}

/** What an audit of a folder found. */
export interface FolderAudit {
  /** Whether nothing differs. */
  readonly holds: boolean
  /** Whether the folder was stopped cleanly: only then is every byte vouched for. */
  readonly isClean: boolean
  /** The key that signatures were held against, and whether it was given or is the folder's. */
  readonly key: string | null
  readonly isPinned: boolean
  /** Whether there are records of epochs: only they say which of the newest files there must be. */
  readonly hasRecords: boolean
  /** Entries in the log, and its root in hex. */
  readonly entries: number
  readonly root: string
  /** Epochs that are sealed, and how many of them have which file; what was issued for them. */
  readonly sealed: number
  readonly epochs: EpochCounts
  /** What readers acknowledged. */
  readonly acks: { readonly count: number; readonly bytes: bigint }
  readonly journals: readonly Slot[]
  /** Files that processes left that run, or were killed: nothing vouches for them. */
  readonly filesLeft: number
  /** The first differences, in the order of the log. */
  readonly differences: readonly Difference[]
  readonly differencesCount: number
  /** What shows to anybody that the log signed two things that can't both be true. */
  readonly misbehaviour: readonly Misbehaviour[]
}

/**
 * Audits the log, the journals and the receipts of a data folder. It is read, never written; a
 * server may run on it meanwhile, whose later commits are not looked at.
 *
 * @throws {BadNote} when `vkey` is no key
 * @throws {EntriesWent} when retention took entries away meanwhile
 * @throws {FolderTaken} when it was stopped, and then was not
 * @example
 * const { holds, differences } = await auditFolder('/data', { vkey })
 */
export async function auditFolder(
  data: string,
  options: FolderAuditOptions = {},
): Promise<FolderAudit> {
  const findings = new Findings()
  const records = EpochRecords.open(data, findings)
  try {
    return await new Audit(data, options, records, findings).run()
  } finally {
    records?.close()
  }
}

/** Somebody took the folder into use while it was audited: no difference, but to be run again. */
export class FolderTaken extends Error {
  override readonly name = 'FolderTaken'
  constructor(data: string) {
    super(`${data} was taken into use while it was audited: run it again`)
  }
}

class Audit {
  readonly #data: string
  readonly #options: FolderAuditOptions
  readonly #records: EpochRecords | undefined
  readonly #findings: Findings
  readonly #folder: LogFolder

  constructor(
    data: string,
    options: FolderAuditOptions,
    records: EpochRecords | undefined,
    findings: Findings,
  ) {
    this.#findings = findings
    this.#data = data
    this.#options = options
    this.#records = records
    this.#folder = new LogFolder(join(data, 'log'))
  }

  async run(): Promise<FolderAudit> {
    const findings = this.#findings
    const log = join(this.#data, 'log')
    const record = readStopRecord(log, 'log', findings)
    if (record !== undefined) checkOwnWord(log, record, findings)
    const key = logKey(this.#data, this.#options.vkey, findings)
    const acks = new Acks(key?.name, findings)
    const { state, files, whole } = await this.#walk(key, acks, record !== undefined)
    const size = state?.size ?? 0
    // Before the state: no epoch is recorded that the log had not sealed.
    const recorded = [...(this.#records?.epochs() ?? [])]
    if (whole) files.end(this.#folder.state().sealed?.epoch ?? -1, recorded)
    const known = { folder: log, size, sealed: files.epochs, record }
    if (state !== undefined) this.#checkSigned(key, state.size)
    const filesLeft = whole ? checkLogNames(known, findings) : 0
    const journals = checkJournals(this.#data, state?.journals, findings)
    if (record !== undefined && !existsSync(join(log, RECORD))) throw new FolderTaken(this.#data)
    return {
      holds: findings.count === 0,
      isClean: record !== undefined && journals.every((slot) => slot.isClean),
      key: key === undefined ? null : formatKey(key, nodeCrypto),
      isPinned: this.#options.vkey !== undefined,
      hasRecords: this.#records !== undefined,
      entries: size,
      root: state === undefined ? '' : hex(state.root),
      sealed: files.epochs.size,
      epochs: files.counts,
      acks: { count: acks.count, bytes: acks.bytes },
      journals,
      filesLeft,
      differences: findings.named,
      differencesCount: findings.count,
      misbehaviour: files.proofs,
    }
  }

  /** A log that anybody was ever shown has a checkpoint, and a key that signed it. */
  #checkSigned(key: NoteKey | undefined, size: number): void {
    const findings = this.#findings
    const isPublished = existsSync(join(this.#data, 'log/checkpoint'))
    if (key === undefined && isPublished && !findings.has(KEY_PATH))
      findings.add(KEY_PATH, 'the key of the log, which has signed', 'no file')
    if (size > 0 && !isPublished && existsSync(join(this.#data, 'receipts/read')))
      findings.add('log/checkpoint', 'the log as it is signed', 'no file')
  }

  /** Recomputes the log, and holds epochs' files against it. */
  async #walk(
    key: NoteKey | undefined,
    acks: Acks,
    isClean: boolean,
  ): Promise<{ state: LogState | undefined; files: EpochFiles; whole: boolean }> {
    const folder = this.#folder
    const findings = this.#findings
    // The log may grow meanwhile: each of these says nothing that the next lacks.
    const published = folder.file('checkpoint')
    const checkpoint = published && readCheckpoint('log/checkpoint', published, key, findings)
    const state = readOr('log/head.sqlite', findings, () => folder.state())
    const kept = readOr('log/kept', findings, () => decodeKept(folder.file('kept')))
    const parts = { data: this.#data, key, isClean, records: this.#records }
    const files = new EpochFiles({ ...parts, findings })
    if (state === undefined || kept === undefined) return { state, files, whole: false }
    const sums = new EpochSums(undefined)
    const walk = new LogWalk({
      folder,
      state,
      kept,
      sums,
      published,
      findings,
      onSeal: (sealed) => files.epoch(sealed),
      onAck: (where, ack, read) => acks.add(where, ack, read),
    })
    const whole = await walkAll(walk, state.size, this.#options)
    if (key !== undefined && checkpoint !== undefined && files.suspects.length > 0) {
      const forks = { folder, state, key, now: checkpoint }
      files.proofs.push(...(await forkProofs(files.suspects, forks)))
    }
    return { state, files, whole }
  }
}
