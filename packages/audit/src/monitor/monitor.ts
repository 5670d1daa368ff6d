/**
 * A monitor: looks at a log over HTTP, remembers what it saw in a file, keeps proofs beside it.
 * @module
 */
import { sameBytes } from '../base64.ts'
import { keepProof } from '../keep-proof.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { BadNote, parseKey, type NoteKey } from '../note.ts'
import { readIfAny, writeWhole } from '../whole-file.ts'
import { askChain } from './chain.ts'
import type { MonitoredLog } from './heads.ts'
import { monitorRound, type AskedWitness, type MonitorDeps, type Round } from './round.ts'
import { httpFiles, SourceFailed, type PublicFiles } from './source.ts'
import { formatMonitor, keyInMonitor, MonitorRefused, NOTHING_SEEN, parseMonitor } from './state.ts'

/** Witnesses that a monitor is given at most. */
export const MONITOR_WITNESSES_MAX = 64

/** What to open. */
export interface MonitorOptions {
  /** The gateway, or the log's prefix, which ends in `/receipts`. */
  readonly url: string
  readonly statePath: string
  /** The log's key, `name+id+key`; when there is none, the first that the gateway shows is kept. */
  readonly vkey: string | undefined
  /** Keys of witnesses, each with its address or without: `name+id+key[=url]`. */
  readonly witnesses: readonly string[]
  /** More than half of them when it is not given. */
  readonly quorum: number | undefined
  readonly contract: string | undefined
  readonly rpcs: readonly string[]
  readonly signal: AbortSignal
}

/** A look, and where its proofs are. */
export interface Look extends Round {
  readonly proofs: readonly string[]
}

/** A monitor that looks when it is told. */
export interface Monitor {
  /** Whether the key came from elsewhere than the gateway. */
  readonly isPinned: boolean
  /** @throws {SourceFailed} when the log can't be read */
  look(): Promise<Look>
}

/**
 * Opens a monitor.
 *
 * @throws {MonitorRefused} when an option makes no sense, or the file is of another log
 * @throws {SourceFailed} when the key is asked for, and can't be had
 * @example
 * const { findings } = await (await openMonitor(options)).look()
 */
export async function openMonitor(options: MonitorOptions): Promise<Monitor> {
  const { url, statePath, vkey, signal } = options
  const files = httpFiles(`${url.replace(/(?:\/receipts)?\/?$/, '')}/receipts`, signal)
  const text = await readIfAny(statePath)
  const known = text === undefined ? undefined : keyInMonitor(text)
  const key = keyOf(vkey ?? known ?? (await keyOfGateway(files)), 'log')
  const log: MonitoredLog = { key, crypto: nodeCrypto }
  let state = text === undefined ? NOTHING_SEEN : parseMonitor(text, log)
  const deps: MonitorDeps = { ...log, files, ...trustOf(options, log) }
  return {
    isPinned: vkey !== undefined,
    async look() {
      const round = await monitorRound(state, deps)
      const proofs: string[] = []
      for (const { proof } of round.findings) {
        const path = proof && (await keepProof(`${statePath}.proofs`, proof))
        if (path !== undefined) proofs.push(path)
      }
      await writeWhole(statePath, formatMonitor(round.state, log))
      state = round.state
      return { ...round, proofs }
    },
  }
}

function trustOf(
  { witnesses, quorum, contract, rpcs, signal }: MonitorOptions,
  log: MonitoredLog,
): Pick<MonitorDeps, 'asked' | 'trust'> {
  const keys: NoteKey[] = []
  const asked: AskedWitness[] = []
  for (const text of witnesses) {
    const [, vkey = text, url] = /^(\S+?)=(https?:\/\/\S+)$/.exec(text) ?? []
    const key = keyOf(vkey, 'witness')
    if (keys.some(({ publicKey }) => sameBytes(publicKey, key.publicKey)))
      throw new MonitorRefused(`witnesses expected each key once, got ${vkey} twice`)
    keys.push(key)
    if (url !== undefined) asked.push({ key, files: httpFiles(url, signal) })
  }
  const most = Math.min(keys.length, MONITOR_WITNESSES_MAX)
  const enough = quorum ?? Math.floor(keys.length / 2) + 1
  if (keys.length > most || (keys.length > 0 && enough > most) || (keys.length === 0 && quorum))
    throw new MonitorRefused(
      `quorum expected <= ${most} witnesses, got ${enough} of ${keys.length}`,
    )
  if ((contract === undefined) !== (rpcs.length === 0))
    throw new MonitorRefused('contract and rpc expected both, or neither')
  const chain = contract === undefined ? undefined : askChain({ rpcs, contract }, log)
  return { asked, trust: { witnesses: keys, quorum: enough, chain } }
}

/** The key that the gateway shows: others may be shown another. */
async function keyOfGateway(files: PublicFiles): Promise<string> {
  const bytes = await files.get('vkey')
  if (bytes === undefined) throw new SourceFailed('the gateway expected to show the key of its log')
  return new TextDecoder().decode(bytes).trim()
}

function keyOf(text: string, kind: NoteKey['kind']): NoteKey {
  try {
    const key = parseKey(text, nodeCrypto)
    if (key.kind === kind) return key
  } catch (error) {
    if (!(error instanceof BadNote)) throw error
  }
  throw new MonitorRefused(`key expected that of a ${kind}, as name+id+key, got ${text}`)
}
