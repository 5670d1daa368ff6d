/**
 * What a site's `_redirects` file makes of a path that the site does not have.
 * Source: Web _redirects File specification, sections 1 and 3.
 * @module
 */
import { type Expanded, expandTarget, locationOf } from './target.ts'
import type { Nodes, WalkError } from '../walk/nodes.ts'
import { type Result, ok } from '@turnpike/core/result'
import type { BlockSession } from '../blocks/session.ts'
import { type ContentPath, siteNames } from '../parse-request.ts'
import type { RedirectsFiles } from './files.ts'
import type { RedirectRule, RedirectStatus, RedirectsFileInvalid } from './rule.ts'
import { matchRedirects } from './match.ts'
import { resolvePath } from '../walk/resolve-path.ts'

/** A path that leads nowhere, on a site. */
export interface LostRequest {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly redirects: RedirectsFiles
  readonly path: ContentPath
}

/** Where it leads after all. */
export type Followed =
  | { readonly to: 'nowhere' }
  | { readonly to: 'location'; readonly status: RedirectStatus; readonly location: string }
  /** A page of the site, by its names below the site's root, in place of what was asked. */
  | { readonly to: 'page'; readonly status: RedirectStatus; readonly names: readonly string[] }

const NOWHERE = { to: 'nowhere' } as const
const PAGE_STATUSES: ReadonlySet<number> = new Set([200, 404, 410, 451])

/**
 * Follows the first rule that fits. What a rule leads to is not looked up again: rules don't chain.
 *
 * @returns `RedirectsFileInvalid`, `UriTooLong`, and why blocks of the file can't be had
 */
export async function followRedirects(
  request: LostRequest,
): Promise<Result<Followed, WalkError | RedirectsFileInvalid>> {
  const { nodes, session, redirects, path } = request
  const names = [...siteNames(path), '_redirects']
  const found = await resolvePath(nodes, session, path.root, names)
  if (found.error) return found.error.name === 'PathNotFound' ? ok(NOWHERE) : found
  const rules = await redirects.rulesOf(nodes, session, found.ok.node)
  if (rules.error) return rules
  const match = matchRedirects(rules.ok, path.askedSegments, path.params)
  if (match === undefined) return ok(NOWHERE)
  const expanded = expandTarget(match.rule.to, match.captures)
  return expanded.error ? expanded : ok(followedTo(match.rule, expanded.ok, path))
}

function followedTo({ status }: RedirectRule, expanded: Expanded, path: ContentPath): Followed {
  if (!PAGE_STATUSES.has(status))
    return { to: 'location', status, location: locationOf(expanded, path.query) }
  // A gateway fetches nothing from other hosts on behalf of a site.
  if (expanded.origin !== '') return NOWHERE
  const escaped = expanded.path.split('/').filter((name) => name !== '')
  return { to: 'page', status, names: escaped.map(decodeName) }
}

/** A name of the target; one that is no percent-encoding is what it is. */
function decodeName(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
