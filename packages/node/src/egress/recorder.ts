/**
 * Egress records of others on their way into the log: from the front door to the inbox.
 * @module
 */
import { epochOf } from '@turnpike/core/billing/epoch'
import {
  EGRESS_BOOKED_BYTES_MAX,
  EGRESS_PAIRS_MAX,
  EGRESS_RECORDS_MAX,
} from '@turnpike/core/limits/queue'
import { ENTRY_ID_BYTES, encodeRead } from '@turnpike/core/log/encode'
import { DENY, GRADE, READ_FLAGS } from '@turnpike/core/log/entry'
import type {
  EgressRecord,
  EgressRecorder,
  EgressVerdict,
} from '@turnpike/core/ports/egress-recorder'
import type { Inbox } from '@turnpike/core/ports/inbox'
import type { LedgerView } from '@turnpike/core/ports/ledger'
import type { Clock, Random } from '@turnpike/core/ports/runtime'
import { fail, ok } from '@turnpike/core/result'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import type { AskThread } from '../threads/calls.ts'

/** What the recorder writes to. */
export interface RecorderParts {
  readonly inbox: Inbox
  readonly ledger: Pick<LedgerView, 'isWhole' | 'query'>
  readonly random: Random
  readonly clock: Pick<Clock, 'nowMs'>
}

/** The ledger has as many bytes as it may have while others add to it: somebody must look. */
export class BooksFull extends Error {
  override readonly name = 'BooksFull'
  constructor(bytes: bigint) {
    super(
      `ledger expected < ${EGRESS_BOOKED_BYTES_MAX} bytes while records of others are taken, ` +
        `got ${bytes}: see by turnpike usage --by space whose they are`,
    )
  }
}

/**
 * `egressRecord`: writes down records, which are checked already, and answers with a verdict for
 * each. For the folder's owner: no command may say what others served.
 *
 * @example
 * const operations = { egressRecord: egressRecordOperation({ inbox, ledger, random, clock }) }
 */
export function egressRecordOperation(parts: RecorderParts): Operation {
  const { inbox, ledger, random } = parts
  const pairs = new PairsOfHour(parts.clock)
  return async (params) => {
    const records = params as readonly EgressRecord[]
    const areRecords =
      Array.isArray(params) && records.every((record) => record.key instanceof Uint8Array)
    if (!areRecords || records.length > EGRESS_RECORDS_MAX)
      return fail(new InvalidParams(`<= ${EGRESS_RECORDS_MAX} records expected`))
    const booked = await bookedBytes(ledger)
    if (booked >= EGRESS_BOOKED_BYTES_MAX) return fail(new BooksFull(booked))
    const verdicts = new Map<EgressRecord, EgressVerdict>()
    const taken = records.filter((record) => pairs.admit(record))
    const bySource = [...Map.groupBy(taken, ({ issuer }) => issuer)]
    // Called without waiting in between: the inbox writes all of them in one transaction.
    const accepting = bySource.map(([source, of]) =>
      inbox.accept(
        source,
        of.map((record) => ({ key: record.key, entries: [entryOf(record, random)] })),
      ),
    )
    for (const [i, { ok: accepted, error }] of (await Promise.all(accepting)).entries()) {
      if (accepted === undefined) return fail(error)
      for (const [j, record] of bySource[i]![1].entries()) verdicts.set(record, accepted[j]!)
    }
    return ok(records.map((record) => verdicts.get(record) ?? { kind: 'later' }))
  }
}

/** Pairs of a space and a gateway that had records in this hour, by our clock. */
class PairsOfHour {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #pairs = new Set<string>()
  #hour = 0

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  /** Whether there is room for a record's pair, or it is there. */
  admit({ issuer, space }: EgressRecord): boolean {
    const hour = epochOf(this.#clock.nowMs())
    if (hour !== this.#hour) this.#pairs.clear()
    this.#hour = hour
    const pair = `${issuer} ${space}`
    if (!this.#pairs.has(pair) && this.#pairs.size >= EGRESS_PAIRS_MAX) return false
    this.#pairs.add(pair)
    return true
  }
}

/** Bytes that were ever delivered; 0 while they are counted again, when the inbox bounds them. */
async function bookedBytes(ledger: RecorderParts['ledger']): Promise<bigint> {
  if (!(await ledger.isWhole())) return 0n
  const { total } = await ledger.query({ firstEpoch: 0, endEpoch: Number.MAX_SAFE_INTEGER })
  return total.bytesDelivered
}

/** The entry that a record becomes: a read whose bytes somebody else's own log reports. */
function entryOf(record: EgressRecord, random: Random): Uint8Array {
  const { issuer: provider, space, resource: cid, bytes, servedAtMs } = record
  return encodeRead({
    id: random.bytes(ENTRY_ID_BYTES),
    ts: servedAtMs,
    started: servedAtMs,
    domain: '',
    space,
    provider,
    region: '',
    cid,
    status: 200,
    bytes: BigInt(bytes),
    flags: READ_FLAGS.allowed | READ_FLAGS.content,
    deny: DENY.none,
    count: 1,
    grade: GRADE.edge,
  })
}

/**
 * The recorder of a thread that asks accounting.
 *
 * @example
 * const recorder = askingRecorder(accounting.ask)
 */
export function askingRecorder(ask: AskThread): EgressRecorder {
  return {
    async record(records) {
      const verdicts = await ask('egressRecord', records)
      if (verdicts.error) throw verdicts.error
      return verdicts.ok as readonly EgressVerdict[]
    },
  }
}
