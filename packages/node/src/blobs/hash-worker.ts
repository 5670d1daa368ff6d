/**
 * The thread that hashes whole blobs while the main thread hashes their blocks.
 * @module
 */
import { createHash, type Hash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'

/** To the thread: hash `slot`, shared memory, into `job`, or end `job`. */
export type HashRequest =
  | { readonly job: number; readonly slot: Uint8Array }
  | { readonly job: number; readonly end: 'digest' | 'drop' }

/** From the thread: the oldest slot of `job` was hashed, or the digest of all. */
export type HashReply = { readonly job: number; readonly digest?: Uint8Array }

const port = parentPort!
const hashes = new Map<number, Hash>()

port.on('message', (request: HashRequest) => {
  const { job } = request
  if ('slot' in request) {
    let hash = hashes.get(job)
    if (hash === undefined) hashes.set(job, (hash = createHash('sha256')))
    hash.update(request.slot)
    port.postMessage({ job } satisfies HashReply)
    return
  }
  const hash = hashes.get(job) ?? createHash('sha256')
  hashes.delete(job)
  if (request.end === 'digest')
    port.postMessage({ job, digest: new Uint8Array(hash.digest()) } satisfies HashReply)
})
