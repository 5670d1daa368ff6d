/**
 * DNS names that the operator maps, as a setting.
 * @module
 */
import { mappedNameFromText, type MappedName } from '@turnpike/gateway/names/name-map'
import { kindOfText, type Kind } from './kinds.ts'

/** One name of the setting `nameMap`, and of the variable `IPFS_NS_MAP`. */
export const mappedName: Kind<MappedName> = kindOfText(
  'a DNS name and a path, such as "docs.example=/ipfs/bafy…"',
  mappedNameFromText,
  ({ host, path }) => `${host}=${path}`,
)
