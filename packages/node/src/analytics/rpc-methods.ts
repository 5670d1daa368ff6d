/**
 * What the admin listener answers by JSON-RPC: accounting's own operations, under public names.
 * @module
 */
import type { RpcHost, RpcMethod, RpcParams } from '../admin/rpc.ts'
import type { Operations } from '../control/server.ts'
import type { AnalyticsOperation } from './operations.ts'

const METHODS: Readonly<Record<string, AnalyticsOperation>> = {
  'gateway.policy': 'gatewayPolicy',
  'gateway.reads_since': 'gatewayReadsSince',
  'gateway.receipt': 'gatewayReceipt',
  'gateway.epoch': 'gatewayEpoch',
}

/**
 * Methods over a deployment's operations.
 *
 * @example
 * const rpc = rpcMethods(turnpike.operations)
 */
export function rpcMethods(operations: Operations): RpcHost['methods'] {
  return Object.fromEntries(
    Object.entries(METHODS).map(([method, name]): [string, RpcMethod] => [
      method,
      (params) => {
        const call = { signal: new AbortController().signal, progress() {} }
        return operations[name]!(scalarsOf(params), call)
      },
    ]),
  )
}

/** No method takes more than names and numbers: what is nested deep can't go to another thread. */
function scalarsOf(params: RpcParams): RpcParams {
  return Object.fromEntries(Object.entries(params).filter(([, value]) => typeof value !== 'object'))
}
