/**
 * Bugs that are planted in a copy of the tree, each to be found by the billing campaign. A bug is a
 * piece of source, found once in its file, and what stands there instead.
 * @module
 */

/** A bug. */
export interface Bug {
  /** What goes wrong, as a sentence for a table. */
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
}

const ACCOUNTING = 'packages/accounting/src'
const BILLING = 'packages/core/src/billing'
const NODE = 'packages/node/src'

/** The list. */
export const BUGS: readonly Bug[] = [
  {
    name: 'Positions of journals are not committed: entries come into the log again',
    file: `${ACCOUNTING}/sequencer.ts`,
    find: 'new Map([...state.journals, ...intake.positions])',
    replace: 'new Map(state.journals)',
  },
  {
    name: 'A journal’s position is one entry too far: an entry is lost',
    file: `${ACCOUNTING}/intake.ts`,
    find: 'positions.set(journal.name, next)',
    replace: 'positions.set(journal.name, next + 1)',
  },
  {
    name: 'A SEAL says the root after its epoch, not before it',
    file: `${ACCOUNTING}/sequencer.ts`,
    find: 'previousRoot: firstRoot,',
    replace: 'previousRoot: state.root,',
  },
  {
    name: 'Refused reads count as served in summary rows',
    file: `${ACCOUNTING}/summary-count.ts`,
    find: 'sums.reads += charge.reads - charge.denied',
    replace: 'sums.reads += charge.reads',
  },
  {
    name: 'Our own probes are billed',
    file: `${ACCOUNTING}/charge.ts`,
    find: 'const UNBILLED = READ_FLAGS.synthetic',
    replace: 'const UNBILLED = 0',
  },
  {
    name: 'Error pages are billed',
    file: `${ACCOUNTING}/charge.ts`,
    find: 'const BILLED = READ_FLAGS.allowed | READ_FLAGS.content',
    replace: 'const BILLED = READ_FLAGS.allowed',
  },
  {
    name: 'Fetches are nobody’s',
    file: `${ACCOUNTING}/charge.ts`,
    find: 'if (payer !== undefined) return payer',
    replace: 'if (payer === undefined) return NOBODY',
  },
  {
    name: 'The last entry for a row of a batch replaces the others',
    file: `${ACCOUNTING}/ledger-batch.ts`,
    find: 'row.bytes += charge.bytes\n',
    replace: 'row.bytes = charge.bytes\n',
  },
  {
    name: 'The watermark stays where it was: entries are added again',
    file: `${NODE}/ledger/ledger.ts`,
    find: '.run(batch.end,',
    replace: '.run(batch.first,',
  },
  {
    name: 'A transaction that failed is committed as far as it got',
    file: `${NODE}/catalog/database.ts`,
    find: "if (database.isTransaction) database.exec('ROLLBACK')",
    replace: "if (database.isTransaction) database.exec('END')",
  },
  {
    name: 'A VOID counts in the hour of what it voids',
    file: `${NODE}/ledger/writer.ts`,
    find: 'bytesVoided: bytes }\n    sums.add(epoch, space, counts)',
    replace: 'bytesVoided: bytes }\n    sums.add(targetEpoch, space, counts)',
  },
  {
    name: 'The last day of a month is in the next month’s sums',
    file: `${BILLING}/unit.ts`,
    find: 'const date = new Date(epoch * EPOCH_MS)',
    replace: 'const date = new Date((epoch + 24) * EPOCH_MS)',
  },
  {
    name: 'A record that comes again gets another key',
    file: `${NODE}/egress/recorder.ts`,
    find: 'key: record.key,',
    replace: 'key: random.bytes(32),',
  },
  {
    name: 'The inbox says that it has seen what it has not',
    file: `${NODE}/inbox/inbox.ts`,
    find: 'if (Number(this.#see.run(id, key).changes) === 0)',
    replace: 'if (Number(this.#see.run(id, key).changes) === 0 || key[0]! < 16)',
  },
  {
    name: 'Records of different issuers are mixed up in a batch',
    file: `${NODE}/inbox/inbox.ts`,
    find: "return { kind: 'seen' }\n        counted.push(entries)",
    replace: "return { kind: 'seen' }\n        counted.unshift(entries, entries)",
  },
  {
    name: 'A read can be voided again and again',
    file: `${ACCOUNTING}/void-read.ts`,
    find: 'leaf.subarray(0, KEY_LEAF_BYTES))',
    replace: 'random.bytes(KEY_LEAF_BYTES))',
  },
  {
    name: 'An owner loses the hour in which somebody else takes over',
    file: `${BILLING}/ownership.ts`,
    find: 'const endEpoch = Math.max(epoch, changedIn(last)) + 1',
    replace: 'const endEpoch = Math.max(epoch, changedIn(last))',
  },
  {
    name: 'Who takes a space on does not pay for what lay in suspense',
    file: `${BILLING}/ownership.ts`,
    find: 'before.at(-1)?.endEpoch ?? 0',
    replace: 'before.at(-1)?.endEpoch ?? epoch',
  },
  {
    name: 'What lay in suspense is billed in months that are closed',
    file: `${BILLING}/ownership.ts`,
    find: 'return Math.max(epoch, assignedEpoch)',
    replace: 'return Math.max(epoch, assignedEpoch - assignedEpoch)',
  },
  {
    name: 'Suspense forgets what it had when an owner comes in a later month',
    file: `${ACCOUNTING}/statement/lines.ts`,
    find: 'assignedEpoch < period.endEpoch)',
    replace: 'assignedEpoch >= 0 || period.endEpoch < 0)',
  },
  {
    name: 'A VOID is credited to whoever owns the space now',
    file: `${ACCOUNTING}/statement/lines.ts`,
    find: 'addVoids({ ...credited, ...rule }, (epoch) => isIn(owned, epoch))',
    replace: 'addVoids({ ...credited, ...rule }, () => owned.endEpoch === null)',
  },
  {
    name: 'What comes out of suspense is added to it once more',
    file: `${ACCOUNTING}/statement/lines.ts`,
    find: 'const rule = { sign: -1,',
    replace: 'const rule = { sign: 1,',
  },
  {
    name: 'VOIDs are taken off twice',
    file: `${ACCOUNTING}/statement/sheet.ts`,
    find: '{ ...hour, bytesVoided: 0n }',
    replace: 'hour',
  },
  {
    name: 'VOIDs are charged',
    file: `${BILLING}/quantities.ts`,
    find: 'return counts.bytes - counts.bytesVoided',
    replace: 'return counts.bytes + counts.bytesVoided',
  },
  {
    name: 'The last day of a month is in none',
    file: `${BILLING}/period.ts`,
    find: 'const endEpoch = Date.UTC(year, month + 1) / EPOCH_MS',
    replace: 'const endEpoch = Date.UTC(year, month + 1) / EPOCH_MS - 24',
  },
  {
    name: 'A month is closed while its last hour is open',
    file: `${NODE}/statements/close.ts`,
    find: 'if (open !== null && open.epoch < endEpoch) return false',
    replace: 'if (open !== null) return open.epoch >= endEpoch - 96',
  },
  {
    name: 'An answer of Stripe’s that got lost is taken for a yes',
    file: `${NODE}/stripe/send.ts`,
    find: "if (outcome.kind === 'unsure') return this.#retry(event, outcome.reason)",
    replace: "if (outcome.kind === 'unsure' && outcome.reason === '') throw new Error()",
  },
  {
    name: 'One customer’s hour is not put down for Stripe',
    file: `${NODE}/stripe/fill.ts`,
    find: 'if (customers.length === 0) return usage\n',
    replace: 'if (customers.length === 0) return usage.slice(1)\n',
  },
]
