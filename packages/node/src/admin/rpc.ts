/**
 * JSON-RPC 2.0 as the admin listener takes it (https://www.jsonrpc.org/specification).
 * Methods: docs/reference/admin-rpc.md.
 * @module
 */
import { RPC_CALLS_MAX } from '@turnpike/core/limits/read-receipts'
import type { Result } from '@turnpike/core/result'

/** Parameters, by name. */
export type RpcParams = Readonly<Record<string, unknown>>

/** A method. Its `InvalidParams` is the caller's fault, other errors say what is not there. */
export type RpcMethod = (params: RpcParams) => Promise<Result<NonNullable<unknown>, Error>>

/** Methods by name, and who hears of what they throw. */
export interface RpcHost {
  readonly methods: Readonly<Record<string, RpcMethod>>
  onCrash(error: unknown): void
}

/** Codes of the specification, section 5.1; `refused` is one of those left to servers. */
const CODE = {
  malformed: -32700,
  noRequest: -32600,
  noMethod: -32601,
  badParams: -32602,
  broken: -32603,
  refused: -32000,
} as const

interface Reply {
  readonly jsonrpc: '2.0'
  readonly id: string | number | null
  readonly result?: unknown
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: { readonly name: string }
  }
}

/**
 * The answer to a request or a batch of them; undefined when there is none, since no call has an
 * id. Calls of a batch run one after the other.
 *
 * @example
 * const answer = await answerRpc('{"jsonrpc":"2.0","id":1,"method":"gateway.epoch"}', host)
 */
export async function answerRpc(body: string, host: RpcHost): Promise<string | undefined> {
  let asked: unknown
  try {
    asked = JSON.parse(body)
  } catch {
    return JSON.stringify(failed(null, CODE.malformed, 'expected JSON'))
  }
  if (!Array.isArray(asked)) {
    const reply = await answerCall(asked, host)
    return reply && JSON.stringify(reply)
  }
  if (asked.length === 0 || asked.length > RPC_CALLS_MAX) {
    const message = `a batch expected 1 to ${RPC_CALLS_MAX} calls, got ${asked.length}`
    return JSON.stringify(failed(null, CODE.noRequest, message))
  }
  const replies: Reply[] = []
  for (const call of asked) {
    const reply = await answerCall(call, host)
    if (reply !== undefined) replies.push(reply)
  }
  return replies.length === 0 ? undefined : JSON.stringify(replies)
}

async function answerCall(call: unknown, host: RpcHost): Promise<Reply | undefined> {
  const fields = isObject(call) ? call : {}
  const { id, method, params = {} } = fields
  const isNotification = !('id' in fields)
  const replyId = typeof id === 'string' || typeof id === 'number' ? id : null
  if (fields['jsonrpc'] !== '2.0' || typeof method !== 'string' || !(isNotification || isId(id)))
    return failed(replyId, CODE.noRequest, 'expected {"jsonrpc":"2.0","id","method","params"}')
  const reply = await run({ id: replyId, method, params }, host)
  return isNotification ? undefined : reply
}

interface Call {
  readonly id: string | number | null
  readonly method: string
  readonly params: unknown
}

async function run({ id, method, params }: Call, { methods, onCrash }: RpcHost): Promise<Reply> {
  if (!Object.hasOwn(methods, method)) {
    const known = Object.keys(methods).join(', ')
    return failed(id, CODE.noMethod, `expected one of ${known}; got "${method.slice(0, 100)}"`)
  }
  if (!isObject(params)) return failed(id, CODE.badParams, 'params expected an object')
  try {
    const { ok, error } = await methods[method]!(params)
    if (error === undefined) return { jsonrpc: '2.0', id, result: ok }
    const code = error.name === 'InvalidParams' ? CODE.badParams : CODE.refused
    return failed(id, code, error.message, error.name)
  } catch (error) {
    onCrash(error)
    return failed(id, CODE.broken, 'the answer could not be made; the log has more')
  }
}

function failed(id: Reply['id'], code: number, message: string, name?: string): Reply {
  const data = name === undefined ? {} : { data: { name } }
  return { jsonrpc: '2.0', id, error: { code, message, ...data } }
}

function isId(id: unknown): boolean {
  return id === null || typeof id === 'string' || typeof id === 'number'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
