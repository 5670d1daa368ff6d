/**
 * Turnpike as it is run, or with parts replaced to see what they cost.
 *
 *     node bench/servers/turnpike.ts OPTIONS-JSON
 *
 * @module
 */
import { orderSites } from '@turnpike/core/origin/order-sites'
import type { Journal } from '@turnpike/core/ports/journal'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { createGateway } from '@turnpike/gateway/gateway'
import { NO_HOSTS } from '@turnpike/gateway/hosts/settings'
import type { Observer } from '@turnpike/gateway/observer'
import { CatalogIndex } from '@turnpike/node/catalog/content-index'
import { catalogAuthorizer } from '@turnpike/node/authorize/authorizer'
import { SETTINGS, type Settings } from '@turnpike/node/config/settings'
import { openFolder } from '@turnpike/node/folder/open'
import { nodeHasher } from '@turnpike/node/hasher'
import { startHttpServer } from '@turnpike/node/http/server'
import { openJournal, type NodeJournal } from '@turnpike/node/journal/journal'
import { openLog } from '@turnpike/node/logging/log'
import { createObserver } from '@turnpike/node/logging/observer'
import { Tally } from '@turnpike/node/metrics/tally'
import { nodeClock, nodeRandom, nodeTimer } from '@turnpike/node/runtime'
import { startTurnpike } from '@turnpike/node/serve/start'
import { join } from 'node:path'
import { answerParent, usage } from './side-channel.ts'

/** What to serve, and how. */
export interface TurnpikeOptions {
  readonly data: string
  /** `no-journal` records nothing; `counting` counts hashes and bytes of journal. */
  readonly variant: 'whole' | 'no-journal' | 'counting'
  readonly settings?: Partial<Settings>
}

function settingsOf({ data, settings }: TurnpikeOptions): Settings {
  const defaults = Object.entries(SETTINGS).map(([name, { default: value }]) => [name, value])
  return { ...(Object.fromEntries(defaults) as Settings), ...settings, data, port: 0 }
}

const tally = new Tally()

function observer(): Observer {
  const { log } = openLog({ level: 'warn', file: undefined })
  return createObserver({ tally, log, hasher: nodeHasher, clock: nodeClock })
}

function portOf(url: string): number {
  return Number(new URL(url).port)
}

function exitWith(error: Error): never {
  process.stderr.write(`${error.stack}\n`)
  process.exit(1)
}

/** The deployment that `turnpike serve` runs, without its second listener. */
async function serveWhole(options: TurnpikeOptions): Promise<void> {
  const started = await startTurnpike({
    settings: settingsOf(options),
    observer: observer(),
    snapshot: () => tally.snapshot(),
    onCrash: (crash) => exitWith(new Error('a worker ended', { cause: crash })),
    onFailure: exitWith,
    onStanding: () => {},
    onJob: () => {},
    onDenylist: () => {},
  })
  if (started.error) exitWith(started.error)
  const end = (): Promise<void> => started.ok.close(0)
  answerParent({ port: portOf(started.ok.url) }, { usage: () => usage() }, end)
}

const noJournal: Journal = { admit: () => ({ start() {}, mark() {}, end() {} }) }

async function countedJournal(data: string): Promise<NodeJournal> {
  const folder = join(data, 'journal-of-bench')
  const opened = await openJournal({ folder, onFailure: exitWith })
  if (opened.error) exitWith(opened.error)
  return opened.ok
}

/** Read path and HTTP server alone. */
async function servePart(options: TurnpikeOptions): Promise<void> {
  const settings = settingsOf(options)
  const folder = await openFolder(settings.data, { clock: nodeClock, hasher: nodeHasher })
  if (folder.error) exitWith(folder.error)
  const { catalog, blobs, gateway: key } = folder.ok
  const counting = options.variant === 'counting'
  const journal = counting ? await countedJournal(settings.data) : undefined
  let hashed = 0
  const hasher: Hasher = {
    sha256(bytes) {
      hashed++
      return nodeHasher.sha256(bytes)
    },
    digest: (code, bytes) => nodeHasher.digest(code, bytes),
  }
  const observed = observer()
  const gateway = createGateway({
    index: new CatalogIndex(catalog),
    authorizer: catalogAuthorizer(catalog, nodeClock, { gateways: [key.did()] }),
    readers: [blobs],
    sites: orderSites({ clock: nodeClock, random: nodeRandom }),
    hasher: counting ? hasher : nodeHasher,
    clock: nodeClock,
    timer: nodeTimer,
    random: nodeRandom,
    journal: journal ?? noJournal,
    observer: observed,
    provider: key.did(),
    region: settings.region,
    hosts: NO_HOSTS,
    blockCacheBytesMax: settings.blockCacheBytes,
    readAheadBytesMax: settings.readAheadBytes,
    answerCacheBytesMax: settings.answerCacheBytes,
  })
  const server = await startHttpServer({ ...settings, gateway, observer: observed })
  answerParent(
    { port: server.port },
    {
      async usage() {
        await journal?.flush()
        return usage({ hashed, journalBytes: journal?.stats.writtenBytes ?? 0 })
      },
    },
  )
}

const options = JSON.parse(process.argv[2]!) as TurnpikeOptions
await (options.variant === 'whole' ? serveWhole(options) : servePart(options))
