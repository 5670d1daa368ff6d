/**
 * From where on the entries of a journal are still to be counted, when they were counted elsewhere
 * before: in a log of this host that now hands on, or by another host for one that now counts.
 * @module
 */
import { existsSync } from 'node:fs'
import { decodeState } from '@turnpike/accounting/state'
import type { JournalSource } from '@turnpike/core/ports/log'
import { AccountingStopped } from '../accounting/fault.ts'
import { nodeHasher } from '../hasher.ts'
import { FileLogStore } from '../log/log-store.ts'
import { type HandedFile, openHanded } from './handed.ts'

/** A journal that begins where `entries` says. */
export function beginningAt(
  source: JournalSource,
  entries: ReadonlyMap<string, number>,
): JournalSource {
  const { name } = source
  return {
    name,
    firstEntry: entries.get(name) ?? 0,
    read: (fromEntry, bytesMax) => source.read(fromEntry, bytesMax),
    release: (beforeEntry) => source.release(beforeEntry),
  }
}

/** Entries of each journal that are in the log of the folder `log`; none where there is no log. */
export async function loggedEntries(log: string): Promise<ReadonlyMap<string, number>> {
  if (!existsSync(log)) return new Map()
  const store = await FileLogStore.open(log)
  try {
    const committed = await store.load()
    return committed === undefined ? new Map() : decodeState(nodeHasher, committed.bytes).journals
  } finally {
    store.close()
  }
}

/**
 * Entries of each journal that another host has counted, as the file at `path` says.
 *
 * @throws {AccountingStopped} while that host may have more of them
 */
export async function handedEntries(
  path: string,
  sources: readonly JournalSource[],
): Promise<ReadonlyMap<string, number>> {
  if (!existsSync(path)) return new Map()
  const handed = openHanded(path, Date.now)
  try {
    const { audience } = handed
    if (audience !== undefined) await refuseUnsettled(sources, handed, audience)
    return new Map(sources.map(({ name }) => [name, handed.get(name)]))
  } finally {
    handed.close()
  }
}

/**
 * Refuses to count, or to hand to somebody else, journals of which the gateway `audience` may have
 * been sent entries that it has not acknowledged: it may have counted them.
 *
 * @throws {AccountingStopped} when there are such
 */
export async function refuseUnsettled(
  sources: readonly JournalSource[],
  handed: HandedFile,
  audience: string,
): Promise<void> {
  for (const source of sources) {
    const { groups } = await source.read(handed.get(source.name), 1)
    if (groups.length === 0) continue
    throw new AccountingStopped(
      'HandedOn',
      `reads of this folder are handed on to ${audience}, and not all of them have been yet: ask ` +
        'there; to end that, first start with the setting handTo until all are handed on',
    )
  }
}
