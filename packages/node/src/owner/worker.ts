/**
 * The owner thread: holds the data folder's lock and the only connection that writes its catalog.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { OwnerReply, OwnerRequest, SentError } from './messages.ts'
import { openFolder, type FolderOwner } from '../folder/open.ts'
import { ownerOperations } from './operations.ts'
import { nodeClock } from '../runtime.ts'
import { nodeHasher } from '../hasher.ts'

if (parentPort === null) throw new TypeError('worker.ts expected to run as a thread')
const host = parentPort
const say = (reply: OwnerReply): void => host.postMessage(reply)

const opened = await openFolder(workerData as string, { clock: nodeClock, hasher: nodeHasher })
if (opened.ok) {
  say({ opened: { gateway: opened.ok.gateway.did(), defaultSpace: opened.ok.space.did() } })
  serve(opened.ok)
} else say({ refused: sent(opened.error) })

function serve(folder: FolderOwner): void {
  const operations = ownerOperations(folder, nodeClock)
  host.on('message', async (request: OwnerRequest) => {
    const { call } = request
    if (request.do === 'close') {
      await folder.close()
      say({ call, ok: {} })
      // The answer is on its way; without the port nothing keeps the thread.
      return host.close()
    }
    const signal = new AbortController().signal
    const progress = (event: unknown): void => say({ call, progress: event })
    try {
      const done = await operations[request.do](request.params, { signal, progress })
      say(done.ok === undefined ? { call, error: sent(done.error) } : { call, ok: done.ok })
    } catch (error) {
      say({ call, error: sent(error instanceof Error ? error : new Error(String(error))) })
    }
  })
}

function sent({ name, message }: Error): SentError {
  return { name, message }
}
