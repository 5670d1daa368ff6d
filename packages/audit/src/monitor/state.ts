/**
 * What a monitor remembers from one look at a log to the next.
 * @module
 */
import { BadNote, formatKey } from '../note.ts'
import { signedRoot, type SignedRoot } from './epochs.ts'
import { signedHead, type MonitoredLog, type SignedHead } from './heads.ts'

/** Epochs that are not final yet and are looked at again; older ones are given up. */
export const EPOCHS_OPEN_MAX = 1024

const TYPE = 'turnpike-monitor/v1'

/** What was seen of a log. All of it is signed by the log. */
export interface MonitorState {
  /** The newest checkpoint; undefined before the first. */
  readonly head: SignedHead | undefined
  /** The newest epoch. */
  readonly newest: SignedRoot | undefined
  /** Epochs that were not final yet, oldest first. */
  readonly open: readonly SignedRoot[]
}

/** A monitor's memory is damaged, or of another log. */
export class MonitorRefused extends Error {
  override readonly name = 'MonitorRefused'
}

/** Nothing was seen yet. */
export const NOTHING_SEEN: MonitorState = { head: undefined, newest: undefined, open: [] }

/** The state as the text of a file. */
export function formatMonitor({ head, newest, open }: MonitorState, log: MonitoredLog): string {
  const state = {
    type: TYPE,
    key: formatKey(log.key, log.crypto),
    checkpoint: head?.note ?? null,
    newest: newest?.file ?? null,
    open: open.map(({ file }) => file),
  }
  return `${JSON.stringify(state, undefined, 1)}\n`
}

/** The key of the log that a state is of. */
export function keyInMonitor(text: string): string {
  const { key } = parsed(text)
  if (typeof key !== 'string') throw refused('expected a key')
  return key
}

/**
 * The state of a file's text.
 *
 * @throws {MonitorRefused} when it is damaged, or of another log
 */
export function parseMonitor(text: string, log: MonitoredLog): MonitorState {
  const { key, checkpoint, newest, open } = parsed(text)
  const expected = formatKey(log.key, log.crypto)
  if (key !== expected) throw refused(`expected to be of ${expected}, got ${String(key)}`)
  if (!Array.isArray(open)) throw refused('expected a list of open epochs')
  try {
    return {
      head: checkpoint === null ? undefined : signedHead(textOf(checkpoint), 'earlier', log),
      newest: newest === null ? undefined : signedRoot(textOf(newest), log),
      open: open.map((file: unknown) => signedRoot(textOf(file), log)),
    }
  } catch (error) {
    if (error instanceof BadNote) throw refused(error.message)
    throw error
  }
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  let state: unknown
  try {
    state = JSON.parse(text)
  } catch {
    throw refused('expected JSON')
  }
  const fields = (state ?? {}) as Readonly<Record<string, unknown>>
  if (fields['type'] !== TYPE) throw refused(`expected ${TYPE}`)
  return fields
}

function textOf(value: unknown): string {
  if (typeof value !== 'string') throw refused('expected notes as text')
  return value
}

function refused(message: string): MonitorRefused {
  return new MonitorRefused(`what the monitor remembers ${message}`)
}
