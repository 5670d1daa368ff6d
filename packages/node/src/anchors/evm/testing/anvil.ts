/**
 * A local Ethereum node for tests: anvil of Foundry, as npm installs it.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { createTestClient, http, publicActions, type Hex, type PublicActions } from 'viem'
import type { TestClient } from 'viem'

const ROOT = resolve(import.meta.dirname, '../../../../../..')
const PROGRAM = resolve(ROOT, 'node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil')
/** Anvil calls a block final when twice as many are after it. */
const SLOTS = 2
/** Blocks after which one is final. */
export const FINAL_AFTER: number = 2 * SLOTS
/** Seconds between two blocks. */
const BLOCK_SECONDS = 12
const START_MS_MAX = 20_000

/** A node that runs. Blocks are made on demand only, unless it mines. */
export interface Anvil {
  readonly rpc: string
  readonly client: TestClient<'anvil'> & PublicActions
  /** Ends it, and waits until it is gone. */
  stop(): Promise<void>
}

/** Why there is no such node here; false where there is one. */
export const noAnvil: string | false = existsSync(PROGRAM)
  ? false
  : 'anvil is installed on Linux for x64 only'

/**
 * Starts a node on a free port, with a chain of its own.
 *
 * @example
 * const anvil = await startAnvil()
 * t.after(() => anvil.stop())
 */
export async function startAnvil(args: readonly string[] = ['--no-mining']): Promise<Anvil> {
  const fixed = ['--port', '0', '--slots-in-an-epoch', String(SLOTS), '--accounts', '2']
  const child = spawn(PROGRAM, [...fixed, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const gone = new Promise<void>((done) => child.once('exit', () => done()))
  const timer = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX)
  let rpc: string | undefined
  for await (const line of createInterface({ input: child.stdout })) {
    const [, address] = /^Listening on (\S+)$/.exec(line) ?? []
    if (address === undefined) continue
    rpc = `http://${address}`
    break
  }
  clearTimeout(timer)
  // Nobody reads on: a full pipe would stop it.
  child.stdout.resume()
  if (rpc === undefined) throw new Error('anvil expected to listen, ended')
  const client = createTestClient({ mode: 'anvil', transport: http(rpc), cacheTime: 0 })
  const stop = (): Promise<void> => {
    child.kill('SIGKILL')
    return gone
  }
  return { rpc, client: client.extend(publicActions), stop }
}

/** Makes blocks, each some seconds after the one before. */
export function mine(
  { client }: Anvil,
  blocks = 1,
  interval: number = BLOCK_SECONDS,
): Promise<void> {
  return client.mine({ blocks, interval })
}

/** Takes the newest blocks away and puts as many empty ones in their place. */
export async function reorganise({ client }: Anvil, depth: number): Promise<void> {
  await client.request({ method: 'anvil_reorg', params: [depth, []] } as never)
}

/** Gives an address a hundred ether. */
export function fund({ client }: Anvil, address: Hex): Promise<void> {
  return client.setBalance({ address, value: 10n ** 20n })
}
