/**
 * `turnpike name ls`: the names whose records are here.
 * @module
 */
import { ipnsNameToString } from '@turnpike/core/ipns/name'
import { isInForce, validateRecord } from '@turnpike/core/ipns/validate'
import { openFolderReader } from '@turnpike/node/folder/open'
import { nodeHasher } from '@turnpike/node/hasher'
import { CatalogNames, type ListedName } from '@turnpike/node/names/store'
import { nodeVerifier } from '@turnpike/node/names/verifier'
import { nodeClock } from '@turnpike/node/runtime'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Verb } from '../../verb.ts'

/** A name in the result. */
interface Shown {
  readonly name: string
  /** What its key is called; null for a record that came from elsewhere. */
  readonly key: string | null
  readonly standing: 'valid' | 'expired' | 'invalid'
  readonly path: string | null
  readonly sequence: string | null
  readonly validUntil: string | null
}

/** The verb. It reads beside a running server. */
export const ls: Verb = {
  name: 'name ls',
  summary: 'List the names whose records are here, your own first.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [['turnpike name ls', 'Each name, its key, what it stands for, and until when.']],
  async run({ loaded, output }) {
    const { data } = loaded.settings
    needFolder(data)
    const folder = await openFolderReader(data, { hasher: nodeHasher })
    if (folder.error) throw folder.error
    try {
      const names: Shown[] = []
      for (const listed of new CatalogNames(folder.ok.catalog, nodeClock).list()) {
        const shown = await shownOf(listed)
        names.push(shown)
        output.line(lineOf(shown))
      }
      output.result({ names })
      return EXIT.ok
    } finally {
      await folder.ok.close()
    }
  },
}

async function shownOf({ multihash, record: bytes, ...listed }: ListedName): Promise<Shown> {
  const key = listed.key ?? null
  const name = ipnsNameToString(multihash)
  const deps = { hasher: nodeHasher, verifier: nodeVerifier }
  const { ok: record } = await validateRecord(multihash, bytes, deps)
  if (record === undefined)
    return { name, key, standing: 'invalid', path: null, sequence: null, validUntil: null }
  return {
    name,
    key,
    standing: isInForce(record, nodeClock.nowMs()) ? 'valid' : 'expired',
    path: record.value,
    sequence: String(record.sequence),
    validUntil: new Date(record.eolMs).toISOString(),
  }
}

function lineOf({ name, key, standing, path, validUntil }: Shown): string {
  const until = standing === 'invalid' ? 'a record that is not valid' : `${path}, ${standing}`
  const time = standing === 'valid' ? ` until ${validUntil}` : ''
  return `/ipns/${name}  ${key ?? '–'}  ${until}${time}`
}
