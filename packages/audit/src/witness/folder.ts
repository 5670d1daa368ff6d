/**
 * A witness's own folder: its key, and the newest checkpoint of each log, which it must never
 * forget: a witness that did would cosign a second history.
 * @module
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { keepProof } from '../keep-proof.ts'
import { misbehaviour } from '../misbehaviour.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { BadNote, formatKey, formatNote, parseCheckpoint, parseKey, parseNote } from '../note.ts'
import { standingOf, type Note, type NoteKey } from '../note.ts'
import { readIfAny, writeWhole } from '../whole-file.ts'
import type { WatchedLog } from './judge.ts'
import type { WitnessDeps } from './witness.ts'

/** Logs that one witness watches: all of them are in one file, which is written at each step. */
export const WITNESS_LOGS_MAX = 256

const TYPE = 'turnpike-witness/v1'
const STATE_FILE = 'state.json'
const KEY_FILE = 'witness.key'
const PUBLIC_KEY_BYTES = 32

/** A witness's folder is not what a witness left behind, or not what was asked for. */
export class WitnessRefused extends Error {
  override readonly name = 'WitnessRefused'
}

/** What to open. */
export interface WitnessOptions {
  readonly directory: string
  /** Name of a new witness; one that has a name keeps it. */
  readonly name?: string | undefined
  /** Keys of logs (`name+id+key`) to watch from now on, beside those that it watches. */
  readonly logs?: readonly string[]
  readonly nowMs: () => number
}

/** What `state.json` holds. */
interface State {
  readonly type: typeof TYPE
  readonly name: string
  readonly logs: readonly { readonly key: string; readonly checkpoint: string | null }[]
}

/**
 * Opens a witness's folder, and makes it when there is none. Nobody else may have it open.
 *
 * @throws {WitnessRefused} when what is there is damaged, incomplete, or of another name
 * @example
 * const witness = new Witness(await openWitness({ directory, name: 'w.example/1', nowMs }))
 */
export async function openWitness(options: WitnessOptions): Promise<WitnessDeps> {
  const { directory, nowMs } = options
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const found = await readState(directory)
  const name = found?.name ?? options.name
  if (name === undefined) throw new WitnessRefused('a new witness expected a name, got none')
  if (options.name !== undefined && options.name !== name)
    throw new WitnessRefused(`${directory} expected the name ${name}, got ${options.name}`)
  if (found === undefined) await begin(directory, name)
  const secret = await openKey(directory, found?.logs ?? [])
  const key: NoteKey = { name, kind: 'witness', publicKey: publicKeyOf(secret) }
  const logs = joined(
    (found?.logs ?? []).map((log) => readLog(log, key)),
    options.logs ?? [],
  )
  const persist = (now: readonly WatchedLog[]): Promise<void> => writeState(directory, name, now)
  await persist(logs)
  return {
    key,
    sign: (message) => new Uint8Array(sign(null, message, secret)),
    logs,
    persist,
    accuse: (log, notes) => accuse(directory, log, notes),
    nowMs,
    crypto: nodeCrypto,
  }
}

async function readState(directory: string): Promise<State | undefined> {
  const path = join(directory, STATE_FILE)
  const text = await readIfAny(path)
  if (text === undefined) return undefined
  try {
    const state = JSON.parse(text) as State
    if (state.type === TYPE && typeof state.name === 'string' && Array.isArray(state.logs))
      return state
  } catch {
    // Said below.
  }
  throw new WitnessRefused(`${path} expected the state of a witness, got something else`)
}

function writeState(directory: string, name: string, logs: readonly WatchedLog[]): Promise<void> {
  const state: State = {
    type: TYPE,
    name,
    logs: logs.map(({ key, latest }) => ({
      key: formatKey(key, nodeCrypto),
      checkpoint: latest === undefined ? null : formatNote(latest),
    })),
  }
  return writeWhole(join(directory, STATE_FILE), `${JSON.stringify(state, undefined, 1)}\n`)
}

/** A log of the state: what is said of it must be signed by it and by this witness. */
function readLog({ key, checkpoint }: State['logs'][number], own: NoteKey): WatchedLog {
  try {
    const log = parseKey(key, nodeCrypto)
    if (checkpoint === null) return { key: log, latest: undefined }
    const note = parseNote(checkpoint)
    const isSigned = [log, own].every((one) => standingOf(note, one, nodeCrypto).kind === 'signed')
    if (isSigned && parseCheckpoint(note.text).origin === log.name)
      return { key: log, latest: note }
  } catch (error) {
    if (!(error instanceof BadNote) && !(error instanceof TypeError)) throw error
  }
  throw new WitnessRefused(
    `${STATE_FILE} expected a checkpoint signed by the log and by ${own.name}, got another: ${key}`,
  )
}

/** Logs that are watched, and those that are new. The key of an origin does not change. */
function joined(known: readonly WatchedLog[], more: readonly string[]): WatchedLog[] {
  const logs = new Map(known.map((log) => [log.key.name, log]))
  for (const text of more) {
    const key = keyOfLog(text)
    const before = logs.get(key.name)
    if (before !== undefined && formatKey(before.key, nodeCrypto) !== text)
      throw new WitnessRefused(
        `${key.name} expected the key ${formatKey(before.key, nodeCrypto)}, got ${text}: ` +
          'a log with another key is another log, and needs another origin',
      )
    logs.set(key.name, before ?? { key, latest: undefined })
  }
  if (logs.size > WITNESS_LOGS_MAX)
    throw new WitnessRefused(`a witness expected <= ${WITNESS_LOGS_MAX} logs, got ${logs.size}`)
  return [...logs.values()]
}

function keyOfLog(text: string): NoteKey {
  try {
    const key = parseKey(text, nodeCrypto)
    if (key.kind === 'log') return key
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
  }
  throw new WitnessRefused(`log expected a key such as gateway.example/log+fb3a2a76+…, got ${text}`)
}

/** A folder with a key and no state is one that lost it. */
async function begin(directory: string, name: string): Promise<void> {
  if ((await readIfAny(join(directory, KEY_FILE))) !== undefined)
    throw new WitnessRefused(`${directory} expected a ${STATE_FILE} beside ${KEY_FILE}, got none`)
  await writeState(directory, name, [])
}

/** The key; made only for a witness that has not cosigned anything. */
async function openKey(directory: string, logs: State['logs']): Promise<KeyObject> {
  const path = join(directory, KEY_FILE)
  const pem = await readIfAny(path)
  if (pem !== undefined) return createPrivateKey(pem)
  if (logs.some(({ checkpoint }) => checkpoint !== null))
    throw new WitnessRefused(`${path} expected the key that cosigned what ${STATE_FILE} has`)
  const { privateKey } = generateKeyPairSync('ed25519')
  await writeWhole(path, privateKey.export({ format: 'pem', type: 'pkcs8' }), 0o600)
  return privateKey
}

function publicKeyOf(secret: KeyObject): Uint8Array {
  const spki = createPublicKey(secret).export({ format: 'der', type: 'spki' })
  return new Uint8Array(spki.subarray(-PUBLIC_KEY_BYTES))
}

/** Keeps the log's own signatures against it. */
async function accuse(
  directory: string,
  key: NoteKey,
  notes: readonly [Note, Note],
): Promise<void> {
  const [seen, other] = notes.map(formatNote) as [string, string]
  const evidence = { key: formatKey(key, nodeCrypto), checkpoints: [seen, other] } as const
  await keepProof(join(directory, 'misbehaviour'), misbehaviour('split-view', evidence))
}
