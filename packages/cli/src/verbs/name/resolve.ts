/**
 * `turnpike name resolve`: says what a name stands for.
 * @module
 */
import { ipnsNameFromString } from '@turnpike/core/ipns/name'
import { linkToString } from '@turnpike/core/link'
import type { FoundRecord, NameTarget } from '@turnpike/core/ports/names'
import { openFolderReader } from '@turnpike/node/folder/open'
import { nodeHasher } from '@turnpike/node/hasher'
import { openNames, type OpenNames } from '@turnpike/node/names/open'
import { nodeClock } from '@turnpike/node/runtime'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatSeconds } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. It reads beside a running server, and looks up by itself. */
export const resolve: Verb = {
  name: 'name resolve',
  summary: 'Say what a name stands for: an IPNS name, or a DNS name with a DNSLink.',
  operands: 'NAME',
  operandsMin: 1,
  operandsMax: 1,
  options: {},
  settings: [
    'data',
    'nameMap',
    'nameTtlMsMax',
    'ipnsRouters',
    'dnsResolver',
    'dnsTtlMsMax',
    'allowPrivateOrigins',
  ],
  examples: [
    ['turnpike name resolve k51…', 'The path, how long it may be kept, and the record.'],
    ['turnpike name resolve docs.ipfs.tech --json', 'By DNS, for a script.'],
  ],
  async run({ args, loaded, output, signal }) {
    const { settings } = loaded
    needFolder(settings.data)
    const folder = await openFolderReader(settings.data, { hasher: nodeHasher })
    if (folder.error) throw folder.error
    const names = openNames({ settings, catalog: folder.ok.catalog, clock: nodeClock })
    try {
      const asked = args[0]!.replace(/^\/ipns\//, '')
      const target = await names.resolver.resolve(asked, signal)
      if (target.error) throw target.error
      const path = pathOf(target.ok)
      const { ttlMs } = target.ok
      const record = await recordOf(names, asked, signal)
      output.line(output.bold(path))
      const kept = ttlMs === undefined ? 'no TTL' : `TTL ${formatSeconds(ttlMs / 1000)}`
      const of = record && `, sequence ${record.sequence}, valid until ${record.validUntil}`
      output.line(`  ${kept}${of ?? ''}`)
      output.result({ name: asked, path, ttlMs: ttlMs ?? null, ...record })
      return EXIT.ok
    } finally {
      names.close()
      await folder.ok.close()
    }
  },
}

function pathOf({ root, segments }: NameTarget): string {
  return ['/ipfs', linkToString(root), ...segments].join('/')
}

interface ShownRecord {
  readonly sequence: string
  readonly validUntil: string
}

/** What the record of the asked name says of itself; a DNS name has none. */
async function recordOf(
  { records }: OpenNames,
  asked: string,
  signal: AbortSignal,
): Promise<ShownRecord | undefined> {
  const key = ipnsNameFromString(asked)
  const found = key && (await records.find(key.multihash, signal))
  return found?.ok && shownRecord(found.ok)
}

/** A record for people and scripts. */
export function shownRecord({ record }: Pick<FoundRecord, 'record'>): ShownRecord | undefined {
  if (record === undefined) return undefined
  return { sequence: String(record.sequence), validUntil: new Date(record.eolMs).toISOString() }
}
