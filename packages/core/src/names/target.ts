/**
 * What a name stands for, as records and DNSLinks write it: `/ipfs/<cid>/…` or `/ipns/<name>/…`.
 * @module
 */
import { PATH_SEGMENTS_MAX } from '../limits.ts'
import { linkFromString, type Link } from '../link.ts'

/** A path that a name stands for. Segments are names as they are: nothing in them is escaped. */
export type NameValue =
  | { readonly root: Link; readonly segments: readonly string[] }
  | { readonly name: string; readonly segments: readonly string[] }

/**
 * Reads a path; undefined when it is none, or leads upwards.
 *
 * @example
 * parseNameValue('/ipfs/bafkqaaa/a%20b') // { root, segments: ['a%20b'] }
 */
export function parseNameValue(path: string): NameValue | undefined {
  const [before, namespace, head = '', ...rest] = path.split('/')
  if (before !== '' || head === '') return undefined
  const segments = rest.filter((segment) => segment !== '' && segment !== '.')
  if (segments.length > PATH_SEGMENTS_MAX || segments.includes('..')) return undefined
  if (namespace === 'ipns') return { name: head, segments }
  const root = namespace === 'ipfs' ? linkFromString(head) : undefined
  return root === undefined ? undefined : { root, segments }
}
