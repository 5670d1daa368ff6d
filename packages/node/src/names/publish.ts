/**
 * Publishing names from the data folder: records signed by keys of ours, and those of others.
 * @module
 */
import { bytesEqual } from '@turnpike/core/bytes'
import { nameOfEd25519 } from '@turnpike/core/ipns/key'
import { makeRecord } from '@turnpike/core/ipns/make'
import { ipnsNameToString } from '@turnpike/core/ipns/name'
import { decodeRecord, type IpnsRecord } from '@turnpike/core/ipns/record'
import { isInForce, isNewer, validateRecord } from '@turnpike/core/ipns/validate'
import {
  IPNS_RECORD_BYTES_MAX,
  NAME_LIFETIME_MS,
  NAME_PUBLISH_TTL_MS,
  OWN_NAMES_MAX,
} from '@turnpike/core/limits/names'
import { parseNameValue } from '@turnpike/core/names/target'
import { NameRefused, NamesFull } from '@turnpike/core/ports/names'
import type { Ed25519Signer } from '@turnpike/core/ports/keys'
import type { Clock } from '@turnpike/core/ports/runtime'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { FolderOwner } from '../folder/open.ts'
import { nodeHasher } from '../hasher.ts'
import { findNameKey, KEY_NAME, loadNameKey } from './signer.ts'
import { CatalogNames } from './store.ts'
import { nodeVerifier } from './verifier.ts'

/** A folder that names are published from. */
export interface PublishContext {
  readonly folder: Pick<FolderOwner, 'catalog' | 'paths'>
  readonly clock: Clock
}

/** What is to be published. */
export interface PublishAsked {
  /** `/ipfs/…` or `/ipns/…`. */
  readonly path: string
  /** What the key is called; it is made on first use. */
  readonly key: string
  /** How long others may keep the record; 5 minutes unless told. */
  readonly ttlMs?: number | undefined
  /** How long it holds; 48 hours unless told. It is signed anew before, while a server runs. */
  readonly lifetimeMs?: number | undefined
  /** One more than the last one unless told. */
  readonly sequence?: bigint | undefined
}

/** What was published. */
export interface Published {
  /** Canonical text. */
  readonly name: string
  readonly record: IpnsRecord
}

/**
 * Signs and keeps a record of one of our own names.
 *
 * @returns `NameRefused` when the path is none, or the sequence not above the last one
 * @example
 * await publishName({ folder, clock }, { path: '/ipfs/bafy…', key: 'blog' })
 */
export async function publishName(
  { folder, clock }: PublishContext,
  asked: PublishAsked,
): Promise<Result<Published, NameRefused | NamesFull>> {
  const { path, key, ttlMs = NAME_PUBLISH_TTL_MS, lifetimeMs = NAME_LIFETIME_MS } = asked
  if (parseNameValue(path) === undefined)
    return refused(`path expected /ipfs/<cid>… or /ipns/<name>…, got "${path}"`)
  if (!KEY_NAME.test(key))
    return refused(`key expected up to 64 of a–z, 0–9, "-" and "_", got "${key}"`)
  const names = new CatalogNames(folder.catalog, clock)
  const own = names.own()
  if (own.length >= OWN_NAMES_MAX && !own.some((one) => one.key === key))
    return fail(new NamesFull(`own names expected at most ${OWN_NAMES_MAX}, all are taken`))
  const signer = await loadNameKey(folder.paths.keys, key)
  const multihash = nameOfEd25519(signer.publicKey)
  const last = names.rank(multihash)
  const sequence = asked.sequence ?? (last === undefined ? 0n : last.sequence + 1n)
  if (sequence >= 2n ** 64n || (last !== undefined && sequence <= last.sequence))
    return refused(`sequence expected above ${last?.sequence} and below 2^64, got ${sequence}`)
  const record = { value: path, sequence, eolMs: clock.nowMs() + lifetimeMs, ttlMs }
  const kept = names.put(multihash, await makeRecord(record, signer), record)
  if (kept.error) return kept
  names.keepOwn({ key, multihash, lifetimeMs })
  return ok({ name: ipnsNameToString(multihash), record })
}

/** What became of a record that somebody put. */
export interface Put {
  /** Whether it is the one that is kept now. */
  readonly kept: boolean
  /** Why it is not to be believed; undefined when it is. */
  readonly problem: string | undefined
}

/**
 * Keeps a record that was made elsewhere.
 *
 * @param evenInvalid whether one that is not to be believed is kept, where there is no valid one
 * @returns `NameRefused` for one that is too large, or not to be believed and not to be kept
 */
export async function putRecord(
  { folder, clock }: PublishContext,
  name: Uint8Array,
  bytes: Uint8Array,
  evenInvalid: boolean,
): Promise<Result<Put, NameRefused | NamesFull>> {
  if (bytes.length > IPNS_RECORD_BYTES_MAX)
    return refused(`record expected at most ${IPNS_RECORD_BYTES_MAX} bytes, got ${bytes.length}`)
  const checked = await validateRecord(name, bytes, { hasher: nodeHasher, verifier: nodeVerifier })
  const problem = checked.error?.message ?? expiry(checked.ok!, clock.nowMs())
  if (problem !== undefined && !evenInvalid) return refused(problem)
  const rank = problem === undefined ? checked.ok : undefined
  const put = new CatalogNames(folder.catalog, clock).put(name, bytes, rank)
  return put.error ? put : ok({ kept: put.ok.kept, problem })
}

/** Why a record is not in force any more; undefined when it is. */
export function expiry(record: IpnsRecord, nowMs: number): string | undefined {
  if (isInForce(record, nowMs)) return undefined
  const end = new Date(record.eolMs).toISOString()
  return `IPNS record expected an end of life to come, got ${end}`
}

/**
 * Signs own records anew that have less than half of their life left. A name whose key is gone is
 * left as it is.
 *
 * @returns how many were signed
 */
export async function renewNames({ folder, clock }: PublishContext): Promise<number> {
  const names = new CatalogNames(folder.catalog, clock)
  let renewed = 0
  for (const { key, multihash, lifetimeMs } of names.own()) {
    const bytes = names.get(multihash)
    const record = bytes === undefined ? undefined : decodeRecord(bytes).ok?.record
    if (record === undefined || record.eolMs - clock.nowMs() > lifetimeMs / 2) continue
    const signer = await findNameKey(folder.paths.keys, key)
    if (signer === undefined || !isKeyOf(signer, multihash)) continue
    const next = { ...record, eolMs: clock.nowMs() + lifetimeMs }
    if (!isNewer(next, record)) continue
    if (names.put(multihash, await makeRecord(next, signer), next).ok?.kept === true) renewed++
  }
  return renewed
}

function isKeyOf({ publicKey }: Ed25519Signer, multihash: Uint8Array): boolean {
  return bytesEqual(nameOfEd25519(publicKey), multihash)
}

function refused(message: string): { readonly error: NameRefused } {
  return fail(new NameRefused(message))
}
