/**
 * Calls between two threads of a process, over a channel of their own.
 * @module
 */
import type { MessagePort } from 'node:worker_threads'
import { ACCOUNTING_CALLS_MAX } from '@turnpike/core/limits/log'
import { fail, ok, type Result } from '@turnpike/core/result'
import { OperationRefused } from '../control/client.ts'
import type { Operations } from '../control/server.ts'

/** Asks the thread at the other end; parameters and answers are what can be cloned. */
export type AskThread = (
  method: string,
  params: unknown,
) => Promise<Result<NonNullable<unknown>, OperationRefused>>

/** One end of a channel that asks. */
export interface Asking {
  readonly ask: AskThread
  /** What was not answered yet fails with `ThreadEnded`. */
  close(): void
}

interface Question {
  readonly call: number
  readonly method: string
  readonly params: unknown
}

type Answer = { readonly call: number } & (
  | { readonly ok: NonNullable<unknown> }
  | { readonly error: { readonly name: string; readonly message: string } }
)

/**
 * Asks over `port`. Questions wait there until the other end listens. At most 1,024 wait at once:
 * more are refused as `Busy`.
 *
 * @example
 * const { ask, close } = askOver(port)
 * const recorded = await ask('egressRecord', records)
 */
export function askOver(port: MessagePort): Asking {
  const waiting = new Map<number, (answer: Awaited<ReturnType<AskThread>>) => void>()
  let calls = 0
  let ended = false
  port.on('message', (answer: Answer) => {
    const settle = waiting.get(answer.call)
    waiting.delete(answer.call)
    settle?.('ok' in answer ? ok(answer.ok) : refused(answer.error.name, answer.error.message))
  })
  port.on('close', () => {
    ended = true
    for (const settle of waiting.values()) settle(gone())
    waiting.clear()
  })
  const ask: AskThread = (method, params) => {
    if (ended) return Promise.resolve(gone())
    if (waiting.size >= ACCOUNTING_CALLS_MAX)
      return Promise.resolve(refused('Busy', `expected <= ${ACCOUNTING_CALLS_MAX} calls at once`))
    return new Promise((resolve) => {
      const call = calls++
      // First: what can't be sent, and throws, is not waited for.
      port.postMessage({ call, method, params } satisfies Question)
      waiting.set(call, resolve)
    })
  }
  return { ask, close: () => port.close() }
}

/** Nobody is at the other end. */
export const nobodyToAsk: Asking = {
  ask: async () => gone(),
  close: () => {},
}

/**
 * Answers what is asked over `port`. What an operation throws is told to whoever asked by its name
 * and message alone.
 *
 * @returns closes the channel; answers under way get lost, which the other end notices
 * @example
 * const close = answerOver(port, operations)
 */
export function answerOver(port: MessagePort, operations: Operations): () => void {
  port.on('message', async ({ call, method, params }: Question) => {
    const answered = await run(operations, method, params)
    const answer: Answer = answered.error
      ? { call, error: { name: answered.error.name, message: answered.error.message } }
      : { call, ok: answered.ok }
    port.postMessage(answer)
  })
  return () => port.close()
}

async function run(
  operations: Operations,
  method: string,
  params: unknown,
): Promise<Result<NonNullable<unknown>, Error>> {
  const operation = Object.hasOwn(operations, method) ? operations[method] : undefined
  if (operation === undefined) return refused('NoSuchOperation', `nobody answers "${method}"`)
  const call = { signal: new AbortController().signal, progress: () => {} }
  try {
    return await operation(params, call)
  } catch (error) {
    return fail(error instanceof Error ? error : new Error(String(error)))
  }
}

function refused(name: string, message: string): { error: OperationRefused } {
  return fail(new OperationRefused(name, message))
}

function gone(): { error: OperationRefused } {
  return refused('ThreadEnded', 'the thread that was asked has ended')
}
