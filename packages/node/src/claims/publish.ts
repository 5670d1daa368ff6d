/**
 * Publishes the claims that were issued here to another service.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import {
  CLAIMS_LISTED_MAX,
  CLAIMS_PAGE,
  CLAIMS_PUBLISH_TIMEOUT_MS,
  SERVICE_ANSWER_BYTES_MAX,
} from '@turnpike/core/limits/claims'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import {
  publishClaims,
  type Published,
  type PublishRefusal,
} from '@turnpike/service/claims/publish'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { CLAIM_FIELDS, claimOf, IN_FORCE } from './store.ts'

/** There is nothing that others could find. */
export class NothingToPublish extends Error {
  override readonly name = 'NothingToPublish'
}

/** The other service did not answer, or refused the message. */
export class ServiceUnavailable extends Error {
  override readonly name = 'ServiceUnavailable'
}

/** What came of it. Serializable. */
export type ClaimsPublished = Published

/** What publishing takes. */
export interface PublishContext {
  readonly folder: Pick<FolderOwner, 'catalog' | 'gateway'>
  readonly clock: Clock
}

/** Where to. */
export interface PublishTarget {
  readonly url: string
  /** DID of the service. */
  readonly audience: string
}

/**
 * Publishes all claims in force that were issued here. `progress` hears of how many are done.
 *
 * @example
 * await publishOwnClaims({ folder, clock }, { url, audience: 'did:web:indexer.example' }, () => {})
 */
export async function publishOwnClaims(
  { folder, clock }: PublishContext,
  { url, audience }: PublishTarget,
  progress: (published: number) => void,
): Promise<Result<ClaimsPublished, Error>> {
  const { catalog, gateway } = folder
  const refused: PublishRefusal[] = []
  let published = 0
  let seen = 0
  for (const { base, claims } of ownClaims(catalog, clock)) {
    seen += claims.length
    const send = (message: Uint8Array): ReturnType<typeof post> => post(url, message)
    const deps = { signer: gateway, hasher: nodeHasher, audience, base, send }
    const done = await publishClaims(claims, deps)
    if (done.error) return done
    published += done.ok.published
    if (refused.length < CLAIMS_LISTED_MAX) refused.push(...done.ok.refused)
    progress(published)
  }
  if (seen > 0) return ok({ published, refused })
  const why = 'claims of our own expected, got none: add content and serve it with --public-url'
  return fail(new NothingToPublish(why))
}

interface Page {
  readonly base: string
  readonly claims: ReturnType<typeof claimOf>[]
}

/** Page by page, of one public address each, in the order in which they were issued. */
function* ownClaims(catalog: DatabaseSync, clock: Clock): Generator<Page> {
  const next = catalog.prepare(
    `SELECT ${CLAIM_FIELDS}, c.base FROM claims c
     WHERE c.held IS NOT NULL AND c.id > :after AND ${IN_FORCE} ORDER BY c.id LIMIT ${CLAIMS_PAGE}`,
  )
  for (let after = 0; ;) {
    const rows = next.all({ after, now: clock.nowMs() })
    const [first] = rows
    if (first === undefined) return
    const base = String(first.base)
    const end = rows.findIndex((row) => row.base !== base)
    const same = end < 0 ? rows : rows.slice(0, end)
    yield { base, claims: same.map(claimOf) }
    after = Number(same.at(-1)!.id)
  }
}

async function post(url: string, message: Uint8Array): Promise<Result<Uint8Array, Error>> {
  const type = 'application/vnd.ipld.car'
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': type, accept: type },
      body: Buffer.from(message),
      redirect: 'error',
      signal: AbortSignal.timeout(CLAIMS_PUBLISH_TIMEOUT_MS),
    })
    if (response.status !== 200)
      return fail(new ServiceUnavailable(`${url} expected to answer 200, got ${response.status}`))
    return ok(await bounded(response))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    return fail(new ServiceUnavailable(`${url} expected to answer: ${why}`, { cause }))
  }
}

async function bounded({ body }: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of body ?? []) {
    length += part.length
    if (length > SERVICE_ANSWER_BYTES_MAX)
      throw new RangeError(`<= ${SERVICE_ANSWER_BYTES_MAX} bytes expected, got more`)
    parts.push(part)
  }
  return new Uint8Array(Buffer.concat(parts))
}
