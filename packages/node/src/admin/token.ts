/**
 * The admin token: made on first use, compared in constant time.
 * @module
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { publishFile, tempPath } from '../durable.ts'

/**
 * The token in the folder of keys, made when there is none.
 *
 * @throws the file system's error, when it can be neither read nor written
 * @example
 * const token = await loadAdminToken('/data/keys')
 */
export async function loadAdminToken(keys: string): Promise<string> {
  const path = join(keys, 'admin-token')
  try {
    return readFileSync(path, 'utf8').trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const token = randomBytes(24).toString('base64url')
  const temp = tempPath(keys)
  await writeFile(temp, `${token}\n`, { mode: 0o600, flag: 'wx', flush: true })
  await publishFile(temp, path)
  return token
}

/** Whether an `Authorization` field carries the token. */
export function bearsToken(authorization: string | undefined, token: string): boolean {
  const match = /^bearer +(\S+) *$/i.exec(authorization ?? '')
  // Digests have one length, so that the comparison takes one time.
  return match !== null && timingSafeEqual(digest(match[1]!), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
