/**
 * The journals of a data folder (docs/reference/journal-files.md).
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Findings } from '../findings.ts'
import { filesBelow, foldersIn } from '../files.ts'
import { checkSlot } from './slot.ts'
import type { Slot } from './slot.ts'

/** Checks all journals of a data folder, as far as they can be without the log. */
export function checkJournals(
  data: string,
  positions: ReadonlyMap<string, number> | undefined,
  findings: Findings,
): readonly Slot[] {
  const journals = join(data, 'journal')
  for (const path of filesBelow(journals))
    if (!path.includes('/')) findings.add(`journal/${path}`, 'no such file', 'one')
  // A host that hands its journals on knows elsewhere how far it is.
  const unknown = existsSync(join(data, 'handed.sqlite')) ? undefined : 0
  const names = foldersIn(journals)
  // A journal always keeps its last file.
  for (const [name, position] of positions ?? [])
    if (/^\d+$/.test(name) && position > 0 && !names.includes(name))
      findings.add(`journal/${name}`, 'the journal that the log has entries of', 'no folder')
  return names.map((name) => checkSlot(journals, name, positions?.get(name) ?? unknown, findings))
}
