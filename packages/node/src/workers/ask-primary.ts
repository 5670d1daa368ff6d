/**
 * Questions of a worker to its primary.
 * @module
 */
import type { FromWorker, ToWorker } from './messages.ts'

/** Asks the primary; undefined without an answer in time. Questions arrive in their order. */
export type AskPrimary = (question: unknown, waitMs?: number) => Promise<unknown>

/**
 * A way to ask the primary, which answers as {@link WorkersOptions.answer} does. Answers are
 * undefined after `timeoutMs`, or what a question says instead, and when the primary is gone. One
 * process makes one: answers to two could not be told apart.
 *
 * @throws {TypeError} when this process is no worker
 * @example
 * const ask = questions(1000)
 * const answer = await ask({ limited: 'addresses', asked: [['192.0.2.1', 1]] })
 */
export function questions(timeoutMs: number): AskPrimary {
  if (process.send === undefined)
    throw new TypeError('"questions" expected a worker process, got one without a primary')
  const waiting = new Map<number, (value: unknown) => void>()
  let asked = 0
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'told') waiting.get(message.id)?.(message.value)
  })
  process.on('disconnect', () => {
    for (const settle of waiting.values()) settle(undefined)
  })
  return (question, waitMs = timeoutMs) => {
    if (!process.connected) return Promise.resolve(undefined)
    const id = ++asked
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const settle = (value: unknown): void => {
      clearTimeout(timer)
      waiting.delete(id)
      resolve(value)
    }
    const timer = setTimeout(settle, waitMs, undefined)
    waiting.set(id, settle)
    const message: FromWorker = { kind: 'question', id, question }
    // Fails only when the primary is gone, which `disconnect` tells, too.
    process.send!(message, () => {})
    return promise
  }
}
