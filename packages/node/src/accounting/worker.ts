/**
 * The accounting thread: rounds every second, and answers to its host in between.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import { fail, type Result } from '@turnpike/core/result'
import { LOG_RETRY_MS, LOG_ROUND_MS } from '@turnpike/core/limits/log'
import { stoppedBy, type AccountingStopped } from './fault.ts'
import { answerOver } from '../threads/calls.ts'
import { runJobs } from './jobs.ts'
import type { AccountingReply, AccountingRequest, AccountingStart, SentFault } from './messages.ts'
import { openAccounting } from './open.ts'
import type { OpenedAccounting } from './open.ts'

if (parentPort === null) throw new TypeError('worker.ts expected to run as a thread')
const host = parentPort
const say = (reply: AccountingReply): void => host.postMessage(reply)

const { owner, ...options } = workerData as AccountingStart
const opened = await openAccounting(options)
say({ opened: opened.error === undefined ? null : sent(opened.error) })
if (opened.error === undefined) serve(opened.ok)

function serve(accounting: OpenedAccounting): void {
  const stopAnswering = owner && answerOver(owner, accounting.operations)
  const stopJobs = runJobs(accounting.jobs, (job, fault) =>
    say({ job, fault: fault === undefined ? null : sent(stoppedBy(fault)) }),
  )
  let standing = false
  let timer: NodeJS.Timeout
  let closed = false
  const round = async (): Promise<void> => {
    const { error } = await accounting.catchUp()
    if (closed) return
    const stands = error !== undefined
    if (stands !== standing) say({ standing: error === undefined ? null : sent(error) })
    standing = stands
    timer = setTimeout(() => void round(), stands ? LOG_RETRY_MS : LOG_ROUND_MS)
  }
  void round()
  host.on('message', async (request: AccountingRequest) => {
    if (request.do === 'close') {
      closed = true
      clearTimeout(timer)
      await stopJobs()
      stopAnswering?.()
    }
    say(await answer(accounting, request))
    // The answer is on its way; without the port nothing keeps the thread.
    if (request.do === 'close') host.close()
  })
}

async function answer(
  accounting: OpenedAccounting,
  request: AccountingRequest,
): Promise<AccountingReply> {
  const { call } = request
  switch (request.do) {
    case 'confirmClock':
    case 'close':
      await accounting[request.do]()
      return { call, ok: null }
    case 'catchUp':
    case 'rebuild': {
      const { ok, error } = await accounting[request.do]()
      return ok === undefined ? { call, fault: sent(error) } : { call, ok }
    }
    case 'usage': {
      const { ok, error } = await accounting.usage(request.query)
      return ok === undefined ? { call, fault: sent(error) } : { call, ok }
    }
    case 'operate':
      return operate(accounting, request)
  }
}

async function operate(
  { operations }: OpenedAccounting,
  { call, method, params }: Extract<AccountingRequest, { readonly do: 'operate' }>,
): Promise<AccountingReply> {
  const operation = operations[method]
  if (operation === undefined)
    return { call, fault: { reason: 'NoSuchOperation', message: `nobody answers "${method}"` } }
  const caller = { signal: new AbortController().signal, progress: () => {} }
  const failed = (error: unknown): Result<never, Error> => fail(stoppedBy(error))
  const done = await operation(params, caller).catch(failed)
  return done.error === undefined
    ? { call, done: done.ok }
    : { call, fault: sent(stoppedBy(done.error)) }
}

function sent({ reason, message }: AccountingStopped): SentFault {
  return { reason, message }
}
