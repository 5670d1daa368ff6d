/**
 * A worker for tests: serves its slot and process id, asks its primary and crashes when told to.
 * @module
 */
import { MeteredBody } from '@turnpike/gateway/meter'
import { nobody } from '@turnpike/gateway/plain-answer'
import { silentObserver } from '@turnpike/gateway/observer'
import { startHttpServer } from '../http/server.ts'
import { REUSES_PORT } from './primary.ts'
import { questions } from './ask-primary.ts'
import { joinPrimary, workerSlot } from './worker.ts'

const pauseMs = Number(process.env['ECHO_PAUSE_MS'] ?? 0)

const ask = questions(500)

if (process.env['ECHO_BROKEN'] !== undefined) process.exit(3)

const server = await startHttpServer({
  port: Number(process.env['ECHO_PORT']),
  reusePort: REUSES_PORT,
  observer: silentObserver,
  gateway: {
    async handle({ url }) {
      if (url.endsWith('/crash')) process.exit(7)
      const told = url.includes('/ask/') ? await ask(url.split('/ask/')[1]) : undefined
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
      const bytes = new TextEncoder().encode(`${workerSlot()} ${told ?? process.pid}`)
      let next: Uint8Array | null = bytes
      const read = (): Uint8Array | null => {
        const chunk = next
        next = null
        return chunk
      }
      const source = { length: bytes.length, open: () => ({ read, close() {} }) }
      return { status: 200, headers: [], body: new MeteredBody(source, nobody) }
    },
  },
})

joinPrimary({
  answer: (question) => (question === 'slot' ? workerSlot() : server.stats()),
  stop: (graceMs) => server.close({ graceMs }),
})
