/**
 * Blobs by their own hash: `/blob/<multihash in multibase>`, as location claims name them.
 * @module
 */
import { RAW } from '@turnpike/core/link'
import { decodeMultibase } from '@turnpike/core/multibase'
import { fail, ok } from '@turnpike/core/result'
import { RequestError } from '../errors.ts'
import { type AskedUrl, belowRoot, shorten } from '../parse-request.ts'
import type { Routed } from './route.ts'

const PREFIX = '/blob/'

/** Whether a path is that of a blob. */
export function isBlobPath(pathname: string): boolean {
  return pathname.startsWith(PREFIX)
}

/**
 * Where the URL of a blob leads.
 *
 * @param domain the name of ours that matched, or empty
 */
export function blobRoute(asked: AskedUrl, domain: string): Routed {
  const { pathname } = asked.parsed
  const rootText = pathname.slice(PREFIX.length)
  const multihash = decodeMultibase(rootText)
  const below = belowRoot(asked, [])
  if (below.error) return below
  if (multihash === undefined) {
    const message = `invalid path "${shorten(pathname)}": expected a multihash after /blob/`
    return fail(new RequestError('InvalidPath', message))
  }
  const root = { version: 1, codec: RAW, multihash } as const
  const { site } = asked
  const path = { ...below.ok, namespace: 'ipfs', rootText, contentPath: pathname, site } as const
  return ok({
    to: 'content',
    path: { ...path, domain, root, segments: [], name: undefined, isBlob: true },
  })
}
