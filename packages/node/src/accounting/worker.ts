/**
 * The accounting thread: rounds every second, and answers to its host in between.
 * @module
 */
import { parentPort, workerData } from 'node:worker_threads'
import { LOG_RETRY_MS, LOG_ROUND_MS } from '@turnpike/core/limits/log'
import type { AccountingStopped } from './fault.ts'
import type { AccountingReply, AccountingRequest, SentFault } from './messages.ts'
import { openAccounting } from './open.ts'
import type { AccountingHost, AccountingOptions } from './open.ts'

if (parentPort === null) throw new TypeError('worker.ts expected to run as a thread')
const host = parentPort
const say = (reply: AccountingReply): void => host.postMessage(reply)

const opened = await openAccounting(workerData as AccountingOptions)
say({ opened: opened.error === undefined ? null : sent(opened.error) })
if (opened.error === undefined) serve(opened.ok)

function serve(accounting: AccountingHost): void {
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
    }
    say(await answer(accounting, request))
    // The answer is on its way; without the port nothing keeps the thread.
    if (request.do === 'close') host.close()
  })
}

async function answer(
  accounting: AccountingHost,
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
  }
}

function sent({ reason, message }: AccountingStopped): SentFault {
  return { reason, message }
}
