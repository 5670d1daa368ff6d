/**
 * `turnpike claims ls`: the claims that are here.
 * @module
 */
import { linkFromString } from '@turnpike/core/link'
import { CLAIMS_LISTED_MAX } from '@turnpike/core/limits/claims'
import { showClaims, type ShownClaim } from '@turnpike/node/claims/show'
import { nodeClock } from '@turnpike/node/runtime'
import { EXIT } from '../../exit.ts'
import { readCatalog } from '../../read-catalog.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. It reads beside a running server. */
export const ls: Verb = {
  name: 'claims ls',
  summary: 'List the claims that are here, newest first.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: { content: { value: 'CID', doc: 'Only those about this content, in any codec.' } },
  settings: ['data'],
  examples: [
    ['turnpike claims ls', 'Each with who says what of which content, and until when.'],
    ['turnpike claims ls --content bagbaiera… --json', 'Where a shard lies, for a script.'],
  ],
  async run({ options, loaded, output }) {
    const { content } = options
    const link = typeof content === 'string' ? linkFromString(content) : undefined
    if (content !== undefined && link === undefined)
      throw new UsageRefused(`--content expected a CID, got "${String(content)}"`)
    const claims = await readCatalog(loaded.settings.data, (catalog) =>
      showClaims(catalog, link?.multihash, nodeClock),
    )
    for (const claim of claims) output.line(lineOf(claim))
    if (claims.length === 0) output.line('No claims are here.')
    if (claims.length === CLAIMS_LISTED_MAX) output.note('There may be more, older ones.')
    output.result({ claims })
    return EXIT.ok
  },
}

function lineOf({
  cid,
  kind,
  content,
  issuer,
  space,
  standing,
  urls,
  expiresAt,
}: ShownClaim): string {
  const until = expiresAt === null ? '' : ` until ${expiresAt}`
  const where = [...(space === null ? [] : [`in ${space}`]), ...urls].join(' ')
  return `${cid}  ${kind} of ${content}  ${where}${where && '  '}by ${issuer}, ${standing}${until}`
}
