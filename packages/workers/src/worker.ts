/**
 * Entry of the Worker: answers requests, and names the journal's Durable Object.
 * @module
 */
import { waitUntil } from 'cloudflare:workers'
import type { RequestContext } from './platform.ts'
import { workerGateway, type WorkerEnv, type WorkerGateway } from './serve.ts'

export { JournalObject } from './journal-object.ts'

/** Kept for the isolate's life: caches and bounds are the isolate's. */
let gateway: WorkerGateway | undefined

export default {
  fetch(request: Request, env: WorkerEnv, context: RequestContext): Promise<Response> {
    gateway ??= workerGateway(env, (work) => waitUntil(work))
    return gateway.fetch(request, context)
  },
}
