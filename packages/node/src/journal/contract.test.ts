import { cp } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { journalContract } from '@turnpike/core/contract/journal'
import type { JournalSubject } from '@turnpike/core/contract/journal'
import { journalSource } from './source.ts'
import { openSmall, tempFolder } from './testing/folder.ts'

for (const { name, run } of journalContract)
  test(name, async (t) => {
    const root = await tempFolder(t)
    let copies = 0
    const open = async (folder = `${root}/0`): Promise<JournalSubject> => {
      const journal = await openSmall(folder)
      return {
        journal,
        source: journalSource(folder, 'contract'),
        flush: () => journal.flush(),
        async crash() {
          // A mark is on its way for a few ms; then the files are what a kill would leave.
          await sleep(30)
          const copy = `${root}/${++copies}`
          await cp(folder, copy, { recursive: true })
          await journal.close().catch(() => {})
          return open(copy)
        },
        close: () => journal.close(),
      }
    }
    await run(open)
  })
