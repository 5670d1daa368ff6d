/**
 * `turnpike claims publish`: tells another service where our content lies.
 * @module
 */
import type { ClaimsPublished } from '@turnpike/node/claims/publish'
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { formatCount } from '../../units.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const publish: Verb = {
  name: 'claims publish',
  summary: 'Publish claims issued here to an indexing service or another Turnpike.',
  operands: 'URL',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    to: { value: 'DID', doc: 'DID of the service. Unless told, the did:web of the URL’s host.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike claims publish https://indexer.example', 'Where shards and indexes lie.'],
    ['turnpike claims publish http://127.0.0.1:8081 --to did:key:z6Mk…', 'To another Turnpike.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const url = URL.parse(args[0]!)
    if (url === null || !/^https?:$/.test(url.protocol))
      throw new UsageRefused(`"claims publish" expected an address, got "${args[0]}"`)
    const audience = options.to ?? `did:web:${url.host.replace(':', '%3A')}`
    const params = { url: url.href, audience }
    const open = (): ReturnType<typeof openHere> => openHere(data)
    const called = await callOrOpen(data, open, 'claimsPublish', params, { signal })
    if (called.error) throw called.error
    const { published, refused } = called.ok as ClaimsPublished
    output.line(`Published ${formatCount(published)} claims to ${url.host}.`)
    for (const { cid, name, message } of refused) output.note(`${cid} ${name}: ${message}`)
    output.result({ published, refused })
    return refused.length > 0 ? EXIT.failed : EXIT.ok
  },
}
