/**
 * The anchor of a deployment that has no other: its own records, and nothing more.
 * @module
 */
import type { Anchor } from '@turnpike/core/ports/anchor'
import { ok } from '@turnpike/core/result'
import { EPOCHS_STEP_MAX } from '@turnpike/core/limits/receipts'

/**
 * Holds every epoch at once, for good. It shows nobody outside that the log stays what it is:
 * `witness` and `evm` do.
 *
 * @example
 * const anchors = [localAnchor]
 */
export const localAnchor: Anchor = {
  name: 'local',
  epochsMax: EPOCHS_STEP_MAX,
  async prepare(epochs) {
    return ok({ epochs: epochs.map(({ epoch }) => epoch), bytes: new Uint8Array(0) })
  },
  async submit() {
    return ok({})
  },
  async standing() {
    return ok({ kind: 'final', proof: { kind: 'local' } })
  },
}
