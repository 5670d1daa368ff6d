/**
 * Makes statement bundles: a statement of one account with what shows that its figures lie in the
 * log, signed by the log's key as a whole. Docs: docs/reference/statement-bundle.md.
 * @module
 */
import {
  STATEMENT_BUNDLE_BYTES_MAX,
  STATEMENT_BUNDLE_ENTRIES_MAX,
  STATEMENT_BUNDLE_ROWS_MAX,
} from '@turnpike/core/limits/receipts'
import type { SealEntry } from '@turnpike/core/log/entry'
import { formatKey } from '@turnpike/core/note/key'
import { encodeNote, signNote } from '@turnpike/core/note/note'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { EpochFiles } from '@turnpike/core/ports/epoch-files'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { checkpointFile } from '../checkpoint.ts'
import type { LogReader } from '../reader.ts'
import { statementJson } from '../statement/json.ts'
import type { Statement, StatementLine } from '../statement/statement.ts'
import { digestText } from '../statement/text.ts'
import { openPart, sealedPart } from './epoch-part.ts'
import type { EpochPartJson, OpenPartJson, PartSources } from './epoch-part.ts'
import { BundleRefused } from './refused.ts'

/** Type of a bundle, and of the line that its signature is of. */
const BUNDLE_TYPE = 'turnpike-statement-bundle/v1'
const CLAIM_TYPE = 'turnpike-statement-claim/v1'

/** What bundles are made from, as of the moment that the statement is of. */
export interface BundleSources {
  /** The log as far as the statement has counted it. */
  readonly reader: LogReader
  readonly signer: NoteSigner
  /** Published files of epochs. */
  readonly files: Pick<EpochFiles, 'get'>
  /** Lets others have a turn; awaited between epochs and bundles of the log. */
  breathe(): Promise<void>
}

/** What a bundle has in it. Smaller bounds than the limits are for tests. */
export interface BundleOptions {
  /** Whether the entries of sealed hours are listed, too. */
  readonly listsEntries: boolean
  readonly entriesMax?: number
  readonly rowsMax?: number
}

interface BundleBody {
  readonly type: typeof BUNDLE_TYPE
  readonly log: string
  readonly checkpoint: string
  readonly statement: string
  readonly epochs: readonly EpochPartJson[]
  readonly open: OpenPartJson | null
}

const utf8 = new TextDecoder()

/**
 * The bundle of a statement, as the text of its file.
 *
 * @throws {BundleRefused} when the statement is too long for one, or entries to be listed are gone
 * @throws {LogCorrupt} when a file of the log is missing or altered
 * @example
 * const text = await makeBundle(statement, sources, { listsEntries: false })
 */
export async function makeBundle(
  statement: Statement,
  sources: BundleSources,
  options: BundleOptions,
): Promise<string> {
  if (statement.linesBy !== 'hour' || statement.linesLeftOff > 0 || statement.spacesLeftOff > 0)
    throw new BundleRefused('bundle expected a statement with a line for each hour of each space')
  const { reader, signer } = sources
  const { hasher, state } = reader
  const json = statementJson(statement)
  const checkpoint = await checkpointFile(state, signer, hasher)
  const body: BundleBody = {
    type: BUNDLE_TYPE,
    log: formatKey({ ...signer, kind: 'ed25519' }, hasher),
    checkpoint: utf8.decode(checkpoint.bytes),
    statement: json,
    ...(await epochParts(statement, sources, options)),
  }
  const text = JSON.stringify(body)
  const claim = await claimOf(statement, { json, text }, signer, hasher)
  const whole = `${JSON.stringify({ ...body, claim })}\n`
  if (whole.length > STATEMENT_BUNDLE_BYTES_MAX)
    throw new BundleRefused(`bundle expected less than it has, ${whole.length} bytes`)
  return whole
}

async function epochParts(
  statement: Statement,
  sources: BundleSources,
  options: BundleOptions,
): Promise<Pick<BundleBody, 'epochs' | 'open'>> {
  const { reader, files, breathe } = sources
  const { entriesMax = STATEMENT_BUNDLE_ENTRIES_MAX, rowsMax = STATEMENT_BUNDLE_ROWS_MAX } = options
  const spaces = spacesByEpoch(statement.lines)
  let entriesLeft = entriesMax
  let rows = 0
  const parts: PartSources = {
    reader,
    files,
    listsEntries: options.listsEntries,
    bounds: {
      get entriesMax() {
        return entriesLeft
      },
      breathe,
    },
  }
  const epochs: EpochPartJson[] = []
  for (const seal of await sealsOf(spaces, sources)) {
    const part = await sealedPart(seal, spaces.get(seal.epoch)!, parts)
    entriesLeft -= part.entries.leaves.length - 1
    rows += part.rows.leaves.length
    if (rows > rowsMax) throw new BundleRefused(`bundle expected <= ${rowsMax} rows, got more`)
    epochs.push(part)
    await breathe()
  }
  const { open, size } = reader.state
  const owned = open && spaces.get(open.epoch)
  if (!open || !owned) return { epochs, open: null }
  return { epochs, open: await openPart({ ...open, end: size }, owned, parts) }
}

/** Spaces that a statement has anything of in the log, by the hour in which it was. */
function spacesByEpoch(lines: readonly StatementLine[]): Map<number, Set<string>> {
  const spaces = new Map<number, Set<string>>()
  for (const { epoch, space, reads, deliveredBytes, voidedBytes, fetchedBytes } of lines) {
    // Storage alone is not in the log.
    if (reads === 0 && deliveredBytes === 0n && voidedBytes === 0n && fetchedBytes === 0n) continue
    const found = spaces.get(epoch)
    if (found === undefined) spaces.set(epoch, new Set([space]))
    else found.add(space)
  }
  return spaces
}

/** SEALs of these hours, oldest first. */
async function sealsOf(
  epochs: ReadonlyMap<number, unknown>,
  { reader, breathe }: BundleSources,
): Promise<SealEntry[]> {
  const oldest = Math.min(...epochs.keys())
  const seals: SealEntry[] = []
  for (let end = reader.state.sealed?.end ?? 0; end > 0;) {
    const seal = await reader.seal(end)
    if (seal.epoch < oldest) break
    if (epochs.has(seal.epoch)) seals.push(seal)
    end = seal.first
    await breathe()
  }
  return seals.toReversed()
}

/** What the gateway signs: that this is the statement, and this its evidence. */
async function claimOf(
  { account, period, status }: Statement,
  { json, text }: { readonly json: string; readonly text: string },
  signer: NoteSigner,
  hasher: Hasher,
): Promise<string> {
  const line = `${JSON.stringify({
    type: CLAIM_TYPE,
    origin: signer.name,
    account,
    period: period.name,
    status,
    statement: digestText(hasher, json),
    bundle: digestText(hasher, text),
  })}\n`
  const signatures = [await signNote(line, signer, hasher)]
  return utf8.decode(encodeNote({ text: line, signatures }))
}
