/**
 * Runs of epochs that were sent to anchors, in `billing.sqlite`. Those of one anchor follow each
 * other, and none is further than those before it.
 * @module
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Anchoring } from '@turnpike/core/epochs/anchor-file'
import type { AnchoringState } from '@turnpike/core/epochs/state'
import { ANCHOR_INTENT_BYTES_MAX, ANCHOR_PROOF_BYTES_MAX } from '@turnpike/core/limits/receipts'
import type { AnchorProof } from '@turnpike/core/ports/anchor'
import { prepared } from './prepared.ts'
import type { Row } from './rows.ts'

/** What became of a run, by its first epoch. */
export interface Standing {
  readonly firstEpoch: number
  readonly state: AnchoringState
  readonly proof: AnchorProof | null
}

/** An intent for a run. */
export interface RunIntent {
  readonly firstEpoch: number
  readonly lastEpoch: number
  readonly bytes: Uint8Array
}

/** The table of runs. Its callers hold the transactions. */
export class Anchorings {
  readonly #sql: (text: string) => StatementSync
  /** Names of the deployment's anchors, which come first. */
  readonly #names: readonly string[]

  constructor(database: DatabaseSync, names: readonly string[]) {
    this.#sql = prepared(database)
    this.#names = names
  }

  /** Last epoch that was ever sent to an anchor; -1 for none. */
  lastEpoch(anchor: string): number {
    const row = this.#sql('SELECT max(last_epoch) AS last FROM anchorings WHERE anchor = ?').get(
      anchor,
    )
    return Number(row!['last'] ?? -1)
  }

  /** Last epoch through which all are as far by all of these anchors; -1 for none. */
  through(state: 'anchored' | 'final', anchors: readonly string[]): number {
    const through = anchors.map((anchor) => {
      const row = this.#sql(
        `SELECT first_epoch FROM anchorings
           WHERE anchor = ? AND state <> 'final' AND state <> ? ORDER BY first_epoch LIMIT 1`,
      ).get(anchor, state)
      return row === undefined ? this.lastEpoch(anchor) : Number(row['first_epoch']) - 1
    })
    return Math.min(...through)
  }

  /** Standings of one epoch by these anchors, as far as they were sent it. */
  of(epoch: number, anchors: readonly string[]): readonly Anchoring[] {
    return anchors.flatMap((anchor) => {
      const row = this.#sql(
        `SELECT last_epoch, state, proof FROM anchorings
           WHERE anchor = ? AND first_epoch <= ? ORDER BY first_epoch DESC LIMIT 1`,
      ).get(anchor, epoch)
      if (row === undefined || Number(row['last_epoch']) < epoch) return []
      return [{ anchor, state: row['state'] as AnchoringState, proof: proofOf(row) }]
    })
  }

  /** Runs of an anchor that are not final, oldest first. */
  open(anchor: string): readonly (Standing & RunIntent)[] {
    return this.#sql(
      `SELECT * FROM anchorings WHERE anchor = ? AND state <> 'final' ORDER BY first_epoch`,
    )
      .all(anchor)
      .map((row) => ({
        firstEpoch: Number(row['first_epoch']),
        lastEpoch: Number(row['last_epoch']),
        bytes: row['intent'] as Uint8Array,
        state: row['state'] as AnchoringState,
        proof: proofOf(row),
      }))
  }

  /**
   * Writes an intent for the run that begins with the epoch that is due, or in place of one.
   *
   * @throws {RangeError} when it is for another run
   */
  intend(anchor: string, run: RunIntent, due: number | undefined): void {
    const { firstEpoch, lastEpoch, bytes } = run
    if (bytes.length > ANCHOR_INTENT_BYTES_MAX)
      throw new RangeError(
        `intent expected <= ${ANCHOR_INTENT_BYTES_MAX} bytes, got ${bytes.length}`,
      )
    const sql =
      firstEpoch === due
        ? `INSERT INTO anchorings VALUES (?1, ?2, ?3, 'sent', NULL, ?4)`
        : `UPDATE anchorings SET state = 'sent', proof = NULL, intent = ?4
           WHERE anchor = ?1 AND first_epoch = ?2 AND last_epoch = ?3 AND state <> 'final'`
    const { changes } = this.#sql(sql).run(anchor, firstEpoch, lastEpoch, bytes)
    if (Number(changes) !== 1)
      throw new RangeError(
        `intent expected from epoch ${due ?? 'none'} on, or in place of one, got one from ` +
          `${firstEpoch} to ${lastEpoch}`,
      )
  }

  /** Writes down what became of runs. */
  stand(anchor: string, standings: readonly Standing[]): void {
    const update = this.#sql(
      `UPDATE anchorings
       SET state = ?1, proof = ?2, intent = CASE ?1 WHEN 'final' THEN NULL ELSE intent END
       WHERE anchor = ?3 AND first_epoch = ?4 AND state <> 'final'`,
    )
    for (const { firstEpoch, state, proof } of standings) {
      const text = proof && JSON.stringify(proof)
      if (text !== null && text.length > ANCHOR_PROOF_BYTES_MAX)
        throw new RangeError(`proof expected <= ${ANCHOR_PROOF_BYTES_MAX} bytes of JSON`)
      const { changes } = update.run(state, text, anchor, firstEpoch)
      if (Number(changes) !== 1)
        throw new RangeError(`"firstEpoch" expected that of an open intent, got ${firstEpoch}`)
    }
  }

  /** Names of the deployment's anchors, in their order, then of those that it had. */
  everyName(): readonly string[] {
    const rows = this.#sql('SELECT DISTINCT anchor FROM anchorings ORDER BY anchor').all()
    const former = rows
      .map(({ anchor }) => String(anchor))
      .filter((name) => !this.#names.includes(name))
    return [...this.#names, ...former]
  }
}

function proofOf({ proof }: Row): AnchorProof | null {
  return proof === null || proof === undefined ? null : JSON.parse(String(proof))
}
