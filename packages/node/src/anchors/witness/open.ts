/**
 * The anchor `witness` of a deployment.
 * @module
 */
import { decodeState, emptyState } from '@turnpike/accounting/state'
import type { CommittedLog } from '@turnpike/accounting/proofs'
import { parseKey } from '@turnpike/core/note/key'
import type { LogStore } from '@turnpike/core/ports/log-store'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { Settings } from '../../config/settings.ts'
import { nodeVerifier } from '../../names/verifier.ts'
import { WitnessAnchor } from './anchor.ts'
import type { WitnessAt } from './ask.ts'

/** What the anchor needs of a deployment. */
export interface WitnessAnchorParts {
  readonly settings: Pick<Settings, 'witnesses' | 'witnessQuorum' | 'allowPrivateOrigins'>
  readonly log: LogStore
  readonly hasher: Hasher
  /** Aborted when the deployment stops. */
  readonly signal: AbortSignal
}

/**
 * Makes the anchor from settings.
 *
 * @throws {RangeError} when there are no witnesses, or the quorum does not fit them
 * @example
 * const anchor = openWitnessAnchor({ settings, log, hasher, signal })
 */
export function openWitnessAnchor(parts: WitnessAnchorParts): WitnessAnchor {
  const { settings, log: store, hasher, signal } = parts
  const witnesses = settings.witnesses.map(({ vkey, url }): WitnessAt => {
    const key = parseKey(vkey, hasher)
    if (key === undefined) throw new RangeError(`"witnesses" expected keys, got ${vkey}`)
    return { key, url: new URL(url) }
  })
  if (witnesses.length === 0)
    throw new RangeError('"witnesses" expected one or more for the anchor "witness", got none')
  if (new Set(witnesses.map(({ key }) => key.publicKey.join())).size < witnesses.length)
    throw new RangeError('"witnesses" expected each key once')
  return new WitnessAnchor({
    witnesses,
    quorum: settings.witnessQuorum ?? Math.floor(witnesses.length / 2) + 1,
    async log(): Promise<CommittedLog> {
      const committed = await store.load()
      const state =
        committed === undefined ? emptyState(hasher) : decodeState(hasher, committed.bytes)
      return { store, hasher, state }
    },
    hasher,
    verifier: nodeVerifier,
    allowPrivate: settings.allowPrivateOrigins,
    signal,
  })
}
