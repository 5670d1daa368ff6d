/**
 * Files of statements in the data folder: `statements/<month>/<account>.json`, and drafts on their
 * way to whoever asked for them.
 * @module
 */
import { createHash } from 'node:crypto'
import { readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { makeDirectory, syncDirectory, tempPath, writeSynced } from '../durable.ts'

/** Names that file systems take are longer, but not much. */
const NAME_CHARS_MAX = 200

/** Folder of all statements. */
export function statementsFolder(dataDir: string): string {
  return join(dataDir, 'statements')
}

/**
 * Name of an account's files, without their ending: its DID, percent-encoded; of a very long one,
 * its SHA-256.
 *
 * @example
 * accountFileName('did:mailto:example.com:alice') // 'did%3Amailto%3Aexample.com%3Aalice'
 */
export function accountFileName(account: string): string {
  const name = encodeURIComponent(account)
  if (name.length <= NAME_CHARS_MAX) return name
  return createHash('sha256').update(account).digest('hex')
}

/**
 * A folder that is filled and then appears whole, in place of one of that name.
 *
 * @example
 * const folder = await FolderInMaking.begin('/data/statements/2026-11')
 * await folder.write('all.json', json)
 * await folder.publish()
 */
export class FolderInMaking {
  readonly #path: string
  readonly #temp: string

  private constructor(path: string, temp: string) {
    this.#path = path
    this.#temp = temp
  }

  static async begin(path: string): Promise<FolderInMaking> {
    const temp = `${path}.tmp`
    await rm(temp, { recursive: true, force: true })
    await makeDirectory(temp)
    return new FolderInMaking(path, temp)
  }

  /** Adds a file; durable when it resolves. */
  async write(name: string, text: string): Promise<void> {
    await writeSynced(join(this.#temp, name), Buffer.from(text))
  }

  /** Gives the folder its name. What had it before was of a close that did not come about. */
  async publish(): Promise<void> {
    await syncDirectory(this.#temp)
    await rm(this.#path, { recursive: true, force: true })
    await rename(this.#temp, this.#path)
    await syncDirectory(dirname(this.#path))
  }

  /** Throws it away. */
  async discard(): Promise<void> {
    await rm(this.#temp, { recursive: true, force: true })
  }
}

/** Puts a text down for a command, which takes it up by the path that it is told. */
export async function leaveText(dataDir: string, text: string): Promise<string> {
  const folder = join(statementsFolder(dataDir), 'drafts')
  await makeDirectory(folder)
  const path = tempPath(folder)
  await writeSynced(path, Buffer.from(text))
  return path
}

/** Takes up a text that was left, and its file away. */
export async function takeText(path: string): Promise<string> {
  const text = await readFile(path, 'utf8')
  await rm(path, { force: true })
  return text
}

/** Removes texts that nobody took up; the folder's owner may, when it starts. */
export async function removeLeftTexts(dataDir: string): Promise<void> {
  await rm(join(statementsFolder(dataDir), 'drafts'), { recursive: true, force: true })
}
