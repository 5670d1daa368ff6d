import assert from 'node:assert/strict'
import { test } from 'node:test'
import { INBOX_CONTRACT, type InboxSubject } from '@turnpike/core/contract/inbox'
import type { InboxFull, InboxGroup, InboxVerdict } from '@turnpike/core/ports/inbox'
import { ok, type Result } from '@turnpike/core/result'
import { groupOf, readOf } from './entries.ts'
import { MemoryInbox } from './inbox.ts'

type Accepted = Promise<Result<readonly InboxVerdict[], InboxFull>>

function subjectOf(inbox: MemoryInbox): InboxSubject {
  return { inbox, source: inbox, crash: async () => subjectOf(inbox) }
}

for (const { name, run } of INBOX_CONTRACT)
  test(`memory inbox: ${name}`, () => run(subjectOf(new MemoryInbox())))

/** Counts everything. */
class CarelessInbox extends MemoryInbox {
  #calls = 0
  override accept(_: string, groups: readonly InboxGroup[]): Accepted {
    return super.accept(String(this.#calls++), groups)
  }
}

/** Says that it took what it did not. */
class LazyInbox extends MemoryInbox {
  override async accept(_: string, groups: readonly InboxGroup[]): Accepted {
    return ok(groups.map((): InboxVerdict => ({ kind: 'counted' })))
  }
}

/** Mixes sources up. */
class BlindInbox extends MemoryInbox {
  override accept(_: string, groups: readonly InboxGroup[]): Accepted {
    return super.accept('all', groups)
  }
}

for (const Broken of [CarelessInbox, LazyInbox, BlindInbox])
  test(`the contract of inboxes rejects a ${Broken.name}`, async () => {
    const verdicts = await Promise.allSettled(
      INBOX_CONTRACT.map(({ run }) => run(subjectOf(new Broken()))),
    )
    assert.ok(verdicts.some(({ status }) => status === 'rejected'))
  })

test('a full inbox takes nothing', async () => {
  const inbox = new MemoryInbox()
  inbox.full = true
  const { error } = await inbox.accept('a', [{ key: readOf(1).id, entries: groupOf(1) }])
  assert.equal(error?.name, 'InboxFull')
})
