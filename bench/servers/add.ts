/**
 * Adds files to a data folder in a process of its own, and tells what that took.
 *
 *     node bench/servers/add.ts DATA
 *
 * @module
 */
import { addPaths, type AddOptions } from '@turnpike/node/add/add'
import { ownerContext } from '@turnpike/node/add/session'
import { openFolder } from '@turnpike/node/folder/open'
import { nodeHasher } from '@turnpike/node/hasher'
import { nodeClock } from '@turnpike/node/runtime'
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { answerParent, usage, type Usage } from './side-channel.ts'

/** What adding took. */
export interface AddFigures {
  readonly cid: string
  readonly wallMs: number
  readonly blocks: number
  readonly usage: Usage
}

const HASH_BYTES = 1024 * 1024
const options = { clock: nodeClock, hasher: nodeHasher }

async function add(work: { path: string; profile?: AddOptions['profile'] }): Promise<AddFigures> {
  const opened = await openFolder(process.argv[2]!, options)
  if (opened.error) throw opened.error
  const startMs = performance.now()
  const profile = work.profile === undefined ? {} : { profile: work.profile }
  const added = await addPaths(ownerContext(opened.ok, options), [work.path], profile)
  const wallMs = performance.now() - startMs
  await opened.ok.close()
  if (added.error) throw added.error
  return { cid: added.ok.cid!, wallMs, blocks: added.ok.blocks, usage: usage() }
}

/** Wall time in ms of reading a file and hashing it once. */
async function hashOnce({ path }: { path: string }): Promise<number> {
  const startMs = performance.now()
  const hash = createHash('sha256')
  const file = await open(path)
  const buffer = new Uint8Array(HASH_BYTES)
  for (;;) {
    const { bytesRead } = await file.read(buffer)
    if (bytesRead === 0) break
    hash.update(buffer.subarray(0, bytesRead))
  }
  await file.close()
  hash.digest()
  return performance.now() - startMs
}

answerParent({}, { add, hashOnce })
