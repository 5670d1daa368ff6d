/**
 * A whole deployment for tests: a data folder of its own, a running server, and what commands do.
 * @module
 */
import type { Observer } from '@turnpike/gateway/observer'
import type { UsageJson } from '@turnpike/accounting/usage'
import { silentObserver } from '@turnpike/gateway/observer'
import type { Result } from '@turnpike/core/result'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addPaths, type AddOptions, type AddResult } from '../add/add.ts'
import { catalogSink } from '../add/catalog-sink.ts'
import { importCar } from '../add/import-car.ts'
import type { AddContext } from '../add/session.ts'
import { loadSettings } from '../config/load.ts'
import type { Settings } from '../config/settings.ts'
import { callOwner } from '../control/client.ts'
import { emptySnapshot } from '../metrics/tally.ts'
import { openFolderReader } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { findCars } from '../index-url/find-cars.ts'
import { indexCar } from '../index-url/index-car.ts'
import { openOrigins } from '../origins/open.ts'
import { nodeClock, nodeRandom } from '../runtime.ts'
import { startTurnpike, type Turnpike } from '../serve/start.ts'

/** A running deployment. */
export interface Deployment {
  readonly data: string
  readonly url: string
  readonly turnpike: Turnpike
  /** Errors that a deployment must not have: broken invariants, failed parts. */
  readonly crashes: unknown[]
  add(paths: readonly string[], options?: AddOptions): Promise<AddResult>
  /** Imports the blocks of a CAR file. */
  importCar(file: string): Promise<AddResult>
  /** Indexes a CAR where it lies. */
  index(url: string): Promise<void>
  usage(params?: object): Promise<UsageJson>
  /** Stops serving; the folder stays. */
  stop(): Promise<void>
}

/** Settings of a test: the defaults, any free port, smaller journals. */
export function testSettings(data: string, overrides: Partial<Settings> = {}): Settings {
  const defaults = { port: 0, journalFileBytes: 2 << 20, journalReserveBytes: 1 << 20 }
  const loaded = loadSettings({ flags: { data }, env: {}, defaults: { ...defaults, ...overrides } })
  if (loaded.error) throw loaded.error
  return loaded.ok.settings
}

/** A new folder under the system's temporary one, and a way to remove it. */
export async function testFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'turnpike-test-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

/**
 * Starts a deployment on a data folder.
 *
 * @example
 * const deployment = await startDeployment(folder.path)
 */
export async function startDeployment(
  data: string,
  overrides: Partial<Settings> = {},
): Promise<Deployment> {
  const crashes: unknown[] = []
  const observer: Observer = { ...silentObserver, crash: (error) => crashes.push(error) }
  const settings = testSettings(data, overrides)
  const onFailure = (error: Error): unknown => crashes.push(error)
  const started = await startTurnpike({
    settings,
    observer,
    snapshot: emptySnapshot,
    onCrash: (crash) => crashes.push(crash),
    onFailure,
    onStanding() {},
    onJob() {},
    onDenylist() {},
  })
  if (started.error) throw started.error
  const turnpike = started.ok
  return {
    data,
    url: turnpike.url,
    turnpike,
    crashes,
    add: (paths, options) => addAs(turnpike, data, paths, options),
    importCar: (file) =>
      withContext(turnpike, data, async (context) => must(await importCar(context, file))),
    index: (url) => indexAs(turnpike, data, url),
    usage: async (params = {}) => {
      const usage = await callOwner(data, 'usage', params)
      if (usage.error) throw usage.error
      return usage.ok as UsageJson
    },
    stop: () => turnpike.close(5000),
  }
}

/** Adds as a command does: the work here, the commit by the folder's owner. */
async function addAs(
  turnpike: Turnpike,
  data: string,
  paths: readonly string[],
  options?: AddOptions,
): Promise<AddResult> {
  return withContext(turnpike, data, async (context) =>
    must(await addPaths(context, paths, options)),
  )
}

function must<T extends NonNullable<unknown>>(result: Result<T>): T {
  if (result.error) throw result.error
  return result.ok
}

async function indexAs(turnpike: Turnpike, data: string, url: string): Promise<void> {
  const origins = openOrigins({
    clock: nodeClock,
    stores: [],
    trusts: () => true,
    allowPrivate: true,
  })
  try {
    await withContext(turnpike, data, async (context) => {
      const sink = catalogSink(context)
      const deps = { reader: origins.reader, random: nodeRandom, hasher: nodeHasher, sink }
      const { signal } = new AbortController()
      for await (const found of findCars(origins, url, signal)) {
        if (found.error) throw found.error
        const indexed = await indexCar(deps, found.ok, { signal })
        if (indexed.error) throw indexed.error
      }
    })
  } finally {
    origins.close()
  }
}

async function withContext<T>(
  turnpike: Turnpike,
  data: string,
  work: (context: AddContext) => Promise<T>,
): Promise<T> {
  const folder = await openFolderReader(data, { hasher: nodeHasher })
  if (folder.error) throw folder.error
  const commit = (stage: string): ReturnType<AddContext['commit']> =>
    callOwner(data, 'commit', { stage }) as ReturnType<AddContext['commit']>
  try {
    const space = turnpike.whoami.defaultSpace
    return await work({ ...folder.ok, hasher: nodeHasher, space, commit })
  } finally {
    await folder.ok.close()
  }
}
