/**
 * The stage between a route and content: names become roots.
 * @module
 */
import type { NameResolver, NameTarget } from '@turnpike/core/ports/names'
import { type Result, fail, ok } from '@turnpike/core/result'
import type { ContentPath, NamePath } from './parse-request.ts'
import type { Route, Routed } from './hosts/route.ts'
import type { Denylist } from '@turnpike/core/ports/deny'
import { RequestError } from './errors.ts'
import { type ContentDenied, deniedBy } from './deny/guard.ts'
import { namesOf } from './deny/names-of.ts'

/** A route that needs no more look-ups. */
export type Named =
  | { readonly to: 'content'; readonly path: ContentPath }
  | Extract<Route, { to: 'redirect' | 'record' }>

/** What the stage needs of the gateway. */
export interface NamingDeps {
  readonly names?: NameResolver
  readonly denylist?: Denylist
}

/**
 * Follows a route through names to content.
 *
 * @returns the resolver's errors, `NameNotFound` where there is no resolver, `ContentDenied`
 */
export async function named(
  routed: Routed,
  deps: NamingDeps,
  signal: AbortSignal,
): Promise<Result<Named, Error>> {
  if (routed.error) return routed
  const found = routed.ok
  if (found.to !== 'name' && found.to !== 'dnslink') return ok(found)
  if (found.to === 'name') return resolve(found.path, deps, signal)
  const linked = await deps.names?.hasDnsLink(found.path.rootText, signal)
  if (linked === true) return resolve(found.path, deps, signal)
  const { error } = found.otherwise
  if (error === undefined) return named(found.otherwise, deps, signal)
  // No path of ours either: that DNS fails, or what is wrong with its record, says more.
  const site = await resolve(found.path, deps, signal)
  return site.error?.name === 'NameNotFound' ? fail(error) : site
}

async function resolve(
  path: NamePath,
  { names, denylist }: NamingDeps,
  signal: AbortSignal,
): Promise<Result<Named, Error>> {
  let refusal: Error = new RequestError('NameNotFound', 'names expected to be served, are not here')
  if (names === undefined) return fail(refusal)
  for (const candidate of path.candidates) {
    const denied = deniedBy(denylist?.name(candidate, path.askedSegments))
    if (denied !== undefined) return fail(denied)
    const target = await names.resolve(candidate, signal)
    if (target.ok) {
      const found = contentPath(path, candidate, target.ok)
      const further = deniedOnTheWay(found, denylist)
      return further === undefined ? ok({ to: 'content', path: found }) : fail(further)
    }
    refusal = target.error
    if (target.error.name !== 'NameNotFound') break
  }
  return fail(refusal)
}

function deniedOnTheWay(
  path: ContentPath,
  denylist: Denylist | undefined,
): ContentDenied | undefined {
  for (const { text, below } of namesOf(path).slice(1)) {
    const denied = deniedBy(denylist?.name(text, below))
    if (denied !== undefined) return denied
  }
  return undefined
}

function contentPath(path: NamePath, text: string, target: NameTarget): ContentPath {
  const { root, segments, ttlMs, through } = target
  const { candidates: _, ...parts } = path
  return {
    ...parts,
    root,
    segments: [...segments, ...path.askedSegments],
    name: { text, ttlMs, ...(through !== undefined && { through }) },
  }
}
