/**
 * Addresses under which others ask for claims, in both wire forms.
 * @module
 */
import type { ServiceAnswer } from '@turnpike/service/answer'
import { cidClaimsPage, multihashClaimsPage } from '@turnpike/service/claims/claims-service'
import type { ClaimPagesDeps } from '@turnpike/service/claims/deps'
import { claimPage, claimsPage } from '@turnpike/service/claims/indexing-service'
import type { Asked, Route } from '../front-door/routes.ts'

/**
 * The routes: `/claims?multihash=…` and `/claim/<cid>` of indexing services,
 * `/claims/multihash/<multihash>` and `/claims/cid/<cid>` of content-claims services.
 *
 * @example
 * const routes = claimRoutes({ claims, indexes, authorizer, hasher })
 */
export function claimRoutes(deps: ClaimPagesDeps): readonly Route[] {
  const route = (
    path: string,
    answer: (asked: Asked, token: string | undefined) => Promise<ServiceAnswer>,
  ): Route => ({
    name: 'claims',
    method: 'GET',
    path,
    answer: (asked) => answer(asked, tokenOf(asked)),
  })
  return [
    route('/claims', ({ url }, token) => claimsPage(url.searchParams, token, deps)),
    route('/claim/', ({ rest }, token) => claimPage(rest, token, deps)),
    route('/claims/multihash/', ({ url, rest }, token) =>
      multihashClaimsPage(rest, url.searchParams, token, deps),
    ),
    route('/claims/cid/', ({ url, rest }, token) =>
      cidClaimsPage(rest, url.searchParams, token, deps),
    ),
  ]
}

/** In a header only: claims are asked for by programs, and addresses end up in logs. */
function tokenOf({ request }: Asked): string | undefined {
  return /^Bearer +(\S.{0,1023})$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}
