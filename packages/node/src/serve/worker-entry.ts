/**
 * What a worker process runs.
 * @module
 */
import { RATE_ANSWER_MS } from '@turnpike/core/limits'
import { openLog } from '../logging/log.ts'
import { createObserver } from '../logging/observer.ts'
import { Tally } from '../metrics/tally.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeClock } from '../runtime.ts'
import { REUSES_PORT } from '../workers/primary.ts'
import { questions } from '../workers/ask-primary.ts'
import { joinPrimary, workerSlot } from '../workers/worker.ts'
import { serveProcess } from './process.ts'
import { leaseQuotas } from '../quota/serve.ts'
import { leaseBuckets } from './rate-limits.ts'
import { WORKER_START_VARIABLE, type WorkerStart } from './by-workers.ts'

const { settings, whoami } = JSON.parse(process.env[WORKER_START_VARIABLE]!) as WorkerStart
const slot = String(workerSlot())
const { log: root, close: closeLog } = openLog({ level: settings.logLevel, file: settings.logFile })
const log = root.child({ worker: slot })
const tally = new Tally()
const observer = createObserver({ tally, log, hasher: nodeHasher, clock: nodeClock })

/** Answers that have not ended can't be recorded any more: they are cut, and the process ends. */
async function giveUp(fault: Error): Promise<never> {
  log.fatal({ err: fault }, 'worker can not go on')
  await closeLog()
  process.exit(1)
}

const askPrimary = questions(RATE_ANSWER_MS)
const served = await serveProcess({
  settings,
  whoami,
  slot,
  observer,
  limiters: leaseBuckets(settings, askPrimary),
  quotas: leaseQuotas(settings, askPrimary),
  reusePort: REUSES_PORT,
  onFailure: (fault) => void giveUp(fault),
})
if (served.error) await giveUp(served.error)
else
  joinPrimary({
    async answer(question) {
      if (question === 'flush') return served.ok.flush().then(() => true)
      return question === 'counts' ? served.ok.counts() : tally.snapshot()
    },
    async stop(graceMs) {
      await served.ok.close(graceMs)
      await closeLog()
    },
  })
