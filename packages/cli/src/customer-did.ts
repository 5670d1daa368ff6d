/**
 * Customers as they are named on the command line.
 * @module
 */
import { customerDidOf } from '@turnpike/core/billing/customer-did'
import { UsageRefused } from './verb.ts'

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
