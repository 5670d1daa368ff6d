/**
 * Customers and plans as they are named on the command line.
 * @module
 */
import { customerDidOf } from '@turnpike/core/billing/customer-did'
import { readPlans } from '@turnpike/node/plans/read'
import { OUR_ACCOUNTS } from '@turnpike/node/statements/make'
import { UsageRefused } from './verb.ts'

/**
 * The DID of a plan that there is; undefined where none is named.
 *
 * @param path the file of plans, if there is one
 * @throws {UsageRefused} for another
 * @throws {PlansRefused} when the file can't be read
 */
export function needPlan(named: string | true | undefined, path: string | undefined): unknown {
  if (named === undefined) return undefined
  const { ok: plans, error } = readPlans(path)
  if (error !== undefined) throw error
  if (plans.byId.has(String(named))) return named
  throw new UsageRefused(`PLAN expected ${[...plans.byId.keys()].join(' or ')}, got "${named}"`)
}

/**
 * The DID of a customer, named by DID or by email address.
 *
 * @throws {UsageRefused} for what is neither
 * @example
 * needCustomer('alice@example.com') // 'did:mailto:example.com:alice'
 */
export function needCustomer(text: string): string {
  const did = customerDidOf(text)
  if (did !== undefined) return did
  throw new UsageRefused(`CUSTOMER expected a DID or an email address, got "${text}"`)
}

/**
 * The account of a customer, or one of our own, by its name.
 *
 * @throws {UsageRefused} for what is neither
 * @example
 * needAccount('suspense') // 'suspense'
 */
export function needAccount(text: string): string {
  return OUR_ACCOUNTS.includes(text) ? text : needCustomer(text)
}
