/**
 * Says whether a statement bundle holds: whether each byte that it bills lies in the signed log.
 * @module
 */
import type { AuditCrypto } from '../crypto.ts'
import { misbehaviour } from '../misbehaviour.ts'
import { BadNote, formatKey, parseKey } from '../note.ts'
import { anchorsWord, checkAnchors } from './anchors.ts'
import type { Context, SealedEpoch, Trust } from './context.ts'
import { checkListed, checkOnce, openEpoch } from './entries.ts'
import { BadBundle } from './fields.ts'
import { parseBundle } from './format.ts'
import type { Bundle } from './format.ts'
import { checkFrame } from './frame.ts'
import { checkBill } from './rating.ts'
import { sealedEpochs } from './seals.ts'
import { checkSignatures } from './signatures.ts'
import { parseStatement } from './statement.ts'
import type { Statement } from './statement.ts'
import { checkSums } from './sums.ts'
import { Checks } from './verdict.ts'
import type { EpochCounts, Verdict } from './verdict.ts'

/** A verdict, and what further checks need: of other bundles, and of a chain. */
export interface Verified {
  readonly verdict: Verdict
  /** Hours whose proofs hold; none when the bundle can't be read. */
  readonly sealed: readonly SealedEpoch[]
  readonly statement: Statement | undefined
}

const NO_EPOCHS: EpochCounts = {
  sealed: 0,
  published: 0,
  final: 0,
  anchors: [],
  unsealedEntries: 0,
}

/**
 * Checks a bundle, all of it without asking anybody. It never throws for what is in the file.
 *
 * @param text of the bundle's file
 * @example
 * const { verdict } = verifyBundle(await readFile('alice.json', 'utf8'), {}, nodeCrypto)
 * process.exitCode = verdict.holds ? 0 : 1
 */
export function verifyBundle(text: string, trust: Trust, crypto: AuditCrypto): Verified {
  const checks = new Checks()
  try {
    const bundle = parseBundle(text)
    return verifyParsed(bundle, text, { trust, crypto, checks })
  } catch (error) {
    if (!(error instanceof BadBundle || error instanceof BadNote)) throw error
    checks.of('signatures').add('file', 'a statement bundle', `something else: ${error.message}`)
    const log = trust.key === undefined ? '' : formatKey(trust.key, crypto)
    const about = { log, account: '', period: '', status: '', epochs: NO_EPOCHS }
    const { checks: all, ...rest } = outcome(checks, trust)
    // What was not looked at does not hold.
    const failed = all.filter(({ holds }) => !holds)
    const verdict = { ...about, ...rest, checks: failed, misbehaviour: null }
    return { verdict, sealed: [], statement: undefined }
  }
}

function verifyParsed(
  bundle: Bundle,
  text: string,
  given: Pick<Context, 'trust' | 'crypto' | 'checks'>,
): Verified {
  const { trust, crypto, checks } = given
  const statement = parseStatement(bundle.statement)
  const { key, head, isClaimed } = checkSignatures(bundle, statement, trust, given)
  const context: Context = { ...given, bundle, statement, key, head }
  const sealed = sealedEpochs(context)
  const counts = checkAnchors(sealed, context)
  checkListed(sealed, context)
  const open = openEpoch(sealed.at(-1)?.seal.end ?? 0, context)
  const parts = sealed.map(({ part, entries }) => ({ part: part.entries, entries }))
  if (open !== undefined) parts.push({ part: bundle.open!.entries, entries: open.entries })
  checkOnce(parts, context)
  const hours = sealed.map(({ part, rows }) => ({ epoch: part.epoch, rows }))
  checkSums(open === undefined ? hours : [...hours, open], context)
  checkBill(context)
  checkFrame(context)
  addNotes(context, { sealed, hasOpen: open !== undefined, anchors: counts.anchors })
  const unsealedEntries = open?.entries.length ?? 0
  const verdict = {
    log: formatKey(parseKey(bundle.log, crypto), crypto),
    account: statement.account,
    period: statement.periodName,
    status: statement.status,
    epochs: { ...counts, unsealedEntries },
    ...outcome(checks, trust),
    misbehaviour:
      isClaimed && failsBeyondSignatures(checks)
        ? misbehaviour('statement', { bundle: JSON.parse(text) as object })
        : null,
  }
  return { verdict, sealed, statement }
}

function outcome(
  checks: Checks,
  trust: Trust,
): Pick<Verdict, 'holds' | 'pinned' | 'checks' | 'notes'> {
  const { notes } = checks
  return { holds: checks.hold, pinned: trust.key !== undefined, checks: checks.list(), notes }
}

/** What the operator signed does not hold, whoever is believed. */
function failsBeyondSignatures(checks: Checks): boolean {
  return checks.list().some(({ name, holds }) => name !== 'signatures' && !holds)
}

function addNotes(
  { checks, trust, statement }: Context,
  {
    sealed,
    hasOpen,
    anchors,
  }: Pick<EpochCounts, 'anchors'> & {
    readonly sealed: readonly SealedEpoch[]
    readonly hasOpen: boolean
  },
): void {
  const { notes } = checks
  if (trust.key === undefined)
    notes.push(
      'The key was taken from the bundle itself: this shows that the bundle agrees with itself, ' +
        'not whose it is. Pin the log’s key to know that.',
    )
  if (hasOpen)
    notes.push(
      'The last hour is not sealed yet: its reads are proven one by one, and no anchor holds them.',
    )
  if (sealed.some(({ part }) => part.final === null))
    notes.push(
      'Some hours are sealed and signed, but not final: no anchor holds them for good yet.',
    )
  if (anchors.length > 0 && anchors.every((name) => name === 'local'))
    notes.push('The only anchor is local: no one but the gateway itself holds what it signed.')
  const isAsked = (name: string): boolean => name === 'witness' && trust.witnesses !== undefined
  for (const name of anchors) if (name !== 'local' && !isAsked(name)) notes.push(anchorsWord(name))
  if (statement.total.storageByteMs !== 0n)
    notes.push('What was stored is not in the log: those figures are the gateway’s word.')
  notes.push(
    'Receipts are what the gateway says of itself. That reads took place, and that none was left ' +
      'out, is for readers’ own records to show.',
  )
}
