/**
 * Who is measured: a bare server, what JavaScript users run today, and Turnpike.
 * @module
 */
import type { Settings } from '@turnpike/node/config/settings'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { blockMap, type BenchData } from './data.ts'
import type { Route } from './servers/bare.ts'
import type { TurnpikeOptions } from './servers/turnpike.ts'

/** Names of the contenders. */
export type ContenderName =
  | 'bare-memory'
  | 'bare-disk'
  | 'gateway-lib'
  | 'exporter'
  | 'turnpike'
  | 'turnpike-uncached'
  | 'turnpike-no-journal'
  | 'turnpike-counting'
  | 'turnpike-1-worker'
  | 'turnpike-2-workers'

/** A server that runs. */
export type Server = Child<{ readonly port: number }>

const FOREIGN = join(import.meta.dirname, '../compat/gateway-lib')

/** Whether the foreign stacks are installed; `npm run bench` installs them. */
export function foreignInstalled(): boolean {
  return existsSync(join(FOREIGN, 'node_modules/@web3-storage/gateway-lib'))
}

/** Folder of the foreign stacks. */
export const foreignFolder: string = FOREIGN

/**
 * Starts a contender in a fresh process. `routes` are for the bare server alone: what it sends for
 * which path.
 */
export function startContender(
  name: ContenderName,
  data: BenchData,
  routes: Readonly<Record<string, Route>>,
): Promise<Server> {
  if (name === 'bare-memory' || name === 'bare-disk') {
    const file = data.path('routes.json')
    writeFileSync(file, JSON.stringify(routes))
    return startChild('servers/bare.ts', [name.slice('bare-'.length), file])
  }
  if (name === 'gateway-lib' || name === 'exporter') {
    const file = data.path('blocks.json')
    writeFileSync(file, JSON.stringify(blockMap(data.data)))
    return startChild('../compat/gateway-lib/server.mjs', [name, file])
  }
  return startTurnpikeServer(turnpikeOptions(name, data.data))
}

function turnpikeOptions(name: ContenderName, data: string): TurnpikeOptions {
  if (name === 'turnpike-no-journal') return { data, variant: 'no-journal' }
  if (name === 'turnpike-counting') return { data, variant: 'counting' }
  return { data, variant: 'whole', settings: SETTINGS_OF[name] ?? {} }
}

const SETTINGS_OF: { readonly [K in ContenderName]?: Partial<Settings> } = {
  'turnpike-uncached': { blockCacheBytes: 0, answerCacheBytes: 0 },
  'turnpike-1-worker': { workers: 1 },
  'turnpike-2-workers': { workers: 2 },
}

/** Starts Turnpike in a process of its own. */
export function startTurnpikeServer(options: TurnpikeOptions): Promise<Server> {
  return startChild('servers/turnpike.ts', [JSON.stringify(options)])
}
