/**
 * The key that pays for anchors, and is a log's operator: secp256k1, in `keys/anchor-evm.key`.
 * @module
 */
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts'
import type { PrivateKeyAccount } from 'viem/accounts'
import { makeDirectory, publishFile, tempPath } from '../../durable.ts'

const FILE = 'anchor-evm.key'

/** The file holds something else than a key. */
export class EvmKeyDamaged extends Error {
  override readonly name = 'EvmKeyDamaged'
  constructor(path: string) {
    super(`${path} expected one line, 0x and 64 hex digits: restore it from a backup`)
  }
}

/** There is no key. */
export class EvmKeyMissing extends Error {
  override readonly name = 'EvmKeyMissing'
  constructor(path: string) {
    super(`${path} expected the key that the log was registered with: restore it from a backup`)
  }
}

/**
 * Opens the key, and makes it when there is none. The file has one line: 0x and 64 hex digits.
 *
 * @param keys the folder of keys
 * @throws {EvmKeyDamaged} when the file is not a key: another key would be no log's operator
 * @example
 * const account = await openEvmKey(folderPaths('./data').keys)
 * account.address // '0x…'
 */
export async function openEvmKey(keys: string): Promise<PrivateKeyAccount> {
  const path = join(keys, FILE)
  return (await keyIn(path)) ?? makeKey(keys, path)
}

/**
 * Opens the key of a log that is registered.
 *
 * @throws {EvmKeyMissing} when there is none: a new one would be no log's operator
 * @throws {EvmKeyDamaged} as `openEvmKey` does
 */
export async function readEvmKey(keys: string): Promise<PrivateKeyAccount> {
  const path = join(keys, FILE)
  const account = await keyIn(path)
  if (account === undefined) throw new EvmKeyMissing(path)
  return account
}

async function keyIn(path: string): Promise<PrivateKeyAccount | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return privateKeyToAccount(text.trim() as `0x${string}`)
  } catch {
    // What the library says may quote the file.
    throw new EvmKeyDamaged(path)
  }
}

async function makeKey(keys: string, path: string): Promise<PrivateKeyAccount> {
  await makeDirectory(keys)
  const key = generatePrivateKey()
  const temp = tempPath(keys)
  try {
    await writeFile(temp, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true })
    await publishFile(temp, path)
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
  return privateKeyToAccount(key)
}
