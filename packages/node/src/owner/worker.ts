/**
 * The owner thread: holds the data folder's lock and the only connection that writes its catalog.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import type { OwnerReply, OwnerRequest, OwnerStart, SentError } from './messages.ts'
import { openFolder, type FolderOwner } from '../folder/open.ts'
import { openOwnedFrontDoor, type OwnedFrontDoor } from '../front-door/owner.ts'
import { ownerOperations, whoamiOf } from './operations.ts'
import type { Operation } from '../control/server.ts'
import { askOver, nobodyToAsk } from '../threads/calls.ts'
import { fail } from '@turnpike/core/result'
import { nodeClock } from '../runtime.ts'
import { nodeHasher } from '../hasher.ts'

if (parentPort === null) throw new TypeError('worker.ts expected to run as a thread')
const host = parentPort
const say = (reply: OwnerReply): void => host.postMessage(reply)

const start = workerData as OwnerStart
const accounting = start.accounting === undefined ? nobodyToAsk : askOver(start.accounting)
const opened = await openFolder(start.root, { clock: nodeClock, hasher: nodeHasher })
if (opened.ok) {
  const folder = opened.ok
  try {
    const door = await openDoor(folder)
    say({ opened: whoamiOf(folder) })
    serve(folder, door)
  } catch (error) {
    await folder.close()
    refuse(error)
  }
} else refuse(opened.error)

async function openDoor(folder: FolderOwner): Promise<OwnedFrontDoor | undefined> {
  const { frontDoor: settings } = start
  const parts = { folder, clock: nodeClock, ask: accounting.ask }
  return settings && openOwnedFrontDoor({ ...parts, settings })
}

function refuse(error: unknown): void {
  say({ refused: sent(error instanceof Error ? error : new Error(String(error))) })
  accounting.close()
}

function serve(folder: FolderOwner, door: OwnedFrontDoor | undefined): void {
  const invoke: Operation = door?.invoke ?? (async () => fail(new FrontDoorClosed()))
  const operations = { ...ownerOperations(folder, nodeClock), invoke }
  host.on('message', async (request: OwnerRequest) => {
    const { call } = request
    if (request.do === 'close') {
      door?.close()
      await folder.close()
      accounting.close()
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

/** No invocations are taken here. */
class FrontDoorClosed extends Error {
  override readonly name = 'FrontDoorClosed'
}

function sent({ name, message }: Error): SentError {
  return { name, message }
}
