/**
 * What the admin listener answers by JSON-RPC: accounting's own operations, under public names.
 * @module
 */
import type { RpcHost, RpcMethod } from '../admin/rpc.ts'
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
        return operations[name]!(params, { signal: new AbortController().signal, progress() {} })
      },
    ]),
  )
}
