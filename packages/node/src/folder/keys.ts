/**
 * Secret keys of the data folder: Ed25519, one file each, readable by their owner only.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as ed25519 from '@ucanto/principal/ed25519'
import { syncDirectory } from '../durable.ts'
import { quickened } from './quick-signer.ts'

/** Signs as a `did:key`. */
export type Signer = ed25519.EdSigner

/** A key file holds something else than a key. */
export class KeyDamaged extends Error {
  override readonly name = 'KeyDamaged'
  readonly path: string
  constructor(path: string, cause: unknown) {
    super(`${path} expected one line with an Ed25519 key (M…): restore it from a backup`, { cause })
    this.path = path
  }
}

/**
 * The key called `name`, made on first use.
 *
 * The file has one line, the base64pad multibase text that ucanto's tools read (`MgC…`).
 *
 * @throws {KeyDamaged} when the file is not a key: a new one would be another identity
 * @example
 * const gateway = await loadKey('/data/keys', 'gateway')
 * gateway.did() // 'did:key:z6Mk…'
 */
export async function loadKey(directory: string, name: string): Promise<Signer> {
  const path = join(directory, `${name}.key`)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return createKey(directory, path)
  try {
    return quickened(ed25519.parse(text.trim()))
  } catch (cause) {
    throw new KeyDamaged(path, cause)
  }
}

/**
 * The key called `name`, or undefined when there is none.
 *
 * @throws {KeyDamaged} when the file is not a key
 * @example
 * const before = await findKey('/data/keys', 'gateway.previous')
 */
export async function findKey(directory: string, name: string): Promise<Signer | undefined> {
  return existsSync(join(directory, `${name}.key`)) ? loadKey(directory, name) : undefined
}

async function createKey(directory: string, path: string): Promise<Signer> {
  const signer = quickened(await ed25519.derive(new Uint8Array(randomBytes(32))))
  const temp = `${path}.tmp`
  await rm(temp, { force: true })
  try {
    await writeFile(temp, `${ed25519.format(signer)}\n`, { mode: 0o600, flag: 'wx', flush: true })
    // The umask may have taken bits from the mode, never added any; make it exact.
    await chmod(temp, 0o600)
    await rename(temp, path)
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
  await syncDirectory(directory)
  return signer
}
