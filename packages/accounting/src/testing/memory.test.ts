import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LOG_STORE_CONTRACT } from '@turnpike/core/contract/log-store'
import type { CommitConflict, LogStore } from '@turnpike/core/ports/log-store'
import { ok } from '@turnpike/core/result'
import type { Result, Unit } from '@turnpike/core/result'
import { Faults, MemoryLogStore } from './memory.ts'

for (const { name, run } of LOG_STORE_CONTRACT)
  test(`memory: ${name}`, () => run(new MemoryLogStore()))

/** Swaps whatever the version. */
class CarelessStore extends MemoryLogStore {
  override compareAndSwap(_: number, bytes: Uint8Array): Result<Unit, CommitConflict> {
    return super.compareAndSwap(this.load()?.version ?? 0, bytes)
  }
}

/** Says that it wrote. */
class LazyStore extends MemoryLogStore {
  override async put(): Promise<void> {}
}

/** Keeps what was handed over, not a copy. */
class SharingStore extends MemoryLogStore {
  override get(path: string): Uint8Array | undefined {
    return this.files.get(path)
  }
}

/** Commits nothing. */
class ForgetfulStore extends MemoryLogStore {
  override compareAndSwap(): Result<Unit, CommitConflict> {
    return ok({})
  }
}

for (const Broken of [CarelessStore, LazyStore, SharingStore, ForgetfulStore])
  test(`the contract of log stores rejects a ${Broken.name}`, async () => {
    const verdicts = await Promise.allSettled(
      LOG_STORE_CONTRACT.map(async ({ run }) => run(new Broken() as LogStore)),
    )
    assert.ok(verdicts.some(({ status }) => status === 'rejected'))
  })

test('a fault takes place, or not, as it was planned, and once', () => {
  for (const [kind, expected] of [
    ['not persisted', ['a', 'c']],
    ['persisted but reported failed', ['a', 'b', 'c']],
  ] as const) {
    const faults = new Faults()
    const written: string[] = []
    faults.plan(1, kind)
    for (const name of ['a', 'b', 'c'])
      try {
        faults.run(() => written.push(name))
      } catch {
        assert.equal(name, 'b')
      }
    assert.deepEqual(written, expected)
  }
})
