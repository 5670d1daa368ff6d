/**
 * A log in memory with some sealed epochs, for tests.
 * @module
 */
import { createHash } from 'node:crypto'
import { Sequencer } from '@turnpike/accounting/sequencer'
import type { LogState } from '@turnpike/accounting/state'
import { groupOf, testHasher, testRandom } from '@turnpike/accounting/testing/entries'
import { MemoryJournal, MemoryLogStore, TestClock } from '@turnpike/accounting/testing/memory'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { SignatureVerifier } from '@turnpike/core/ports/keys'

/** Hour number of the first epoch. */
export const FIRST_EPOCH = 490_000

/**
 * Signs by a hash: what is tested here is what is signed and when, a hundred thousand times.
 */
export const quickSigner: NoteSigner = {
  name: 'gateway.example/log',
  publicKey: new Uint8Array(32).fill(7),
  sign: quickSignature,
}

/** Verifies what {@link quickSigner} signs. */
export const quickVerifier: SignatureVerifier = {
  verify: (_, message, signature) =>
    Buffer.compare(quickSignature(message), Buffer.from(signature)) === 0,
}

function quickSignature(message: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha512').update(message).digest())
}

/** A log, and what its state was after each SEAL; the first is that of an empty log. */
export interface SealedLog {
  readonly store: MemoryLogStore
  readonly states: readonly LogState[]
}

/** A log whose epochs begin these many hours after {@link FIRST_EPOCH}, two reads each. */
export async function sealedLog(hours: readonly number[]): Promise<SealedLog> {
  const store = new MemoryLogStore()
  const journal = new MemoryJournal('0')
  const clock = new TestClock(FIRST_EPOCH * EPOCH_MS)
  const sequencer = new Sequencer({
    store,
    journals: () => [journal],
    clock,
    random: testRandom(),
    hasher: testHasher,
    signer: quickSigner,
  })
  const states: LogState[] = []
  let now = 0
  for (const hour of [...hours, hours.at(-1)! + 1]) {
    clock.pass((hour - now) * EPOCH_MS)
    now = hour
    journal.append(groupOf(2 * hour))
    journal.append(groupOf(2 * hour + 1))
    const { ok: round, error } = await sequencer.round()
    if (error !== undefined) throw error
    states.push(round.state)
  }
  return { store, states }
}
