/**
 * Folders of hosts that hand on to one another, for tests.
 * @module
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadKey } from '../../folder/keys.ts'
import { type Deployment, testFolder } from '../../testing/deployment.ts'

/** A folder whose gateway has its key before it is ever started. */
export interface HostFolder {
  readonly path: string
  readonly did: string
  remove(): Promise<void>
}

/** A new folder with a key. */
export async function hostFolder(): Promise<HostFolder> {
  const folder = await testFolder()
  const keys = join(folder.path, 'keys')
  await mkdir(keys)
  return { ...folder, did: (await loadKey(keys, 'gateway')).did() }
}

/** Adds a file of so many bytes, and the URL where it is served. */
export async function addFile(deployment: Deployment, bytes: number): Promise<string> {
  const file = join(deployment.data, `${bytes}.bin`)
  await writeFile(file, new Uint8Array(bytes).fill(bytes))
  const added = await deployment.add([file])
  return `${deployment.url}/ipfs/${added.roots[0]!.cid}`
}

/** Asks again until it is so. */
export async function until(isSo: () => Promise<boolean>, what: string): Promise<void> {
  for (const endMs = performance.now() + 15_000; !(await isSo()); await sleep(50))
    if (performance.now() > endMs) throw new Error(`expected within 15 s: ${what}`)
}
