/**
 * Settings of who is asked where content lies; docs/operating/remote-content.md is about them.
 * @module
 */
import * as claimsLimits from '@turnpike/core/limits/claims'
import { anyDid } from './identity.ts'
import { httpUrl, listOf, milliseconds, oneOf } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Who is asked, whom to believe, and how long to wait. */
export interface LocatorSettings {
  readonly indexingServices: readonly string[]
  readonly claimsServices: readonly string[]
  readonly routers: readonly string[]
  readonly indexingTimeoutMs: number
  readonly claimsTimeoutMs: number
  readonly routersTimeoutMs: number
  readonly claimIssuers: readonly string[]
  readonly legacyContent: 'refuse' | 'serve'
}

const services = listOf(httpUrl, claimsLimits.LOCATOR_SERVICES_MAX)
const timeout = { kind: milliseconds(100, 30_000), default: claimsLimits.LOCATOR_TIMEOUT_MS }

/** Their part of the table of all settings. */
export const LOCATORS: { readonly [K in keyof LocatorSettings]: Setting<LocatorSettings[K]> } = {
  indexingServices: {
    kind: services,
    default: [],
    doc:
      'Indexing services that are asked where content lies that is not here: URLs, without ' +
      '`/claims`. Another Turnpike is one.',
  },
  claimsServices: {
    kind: services,
    default: [],
    doc: 'Content claims services that are asked next: URLs, without `/claims`.',
  },
  routers: {
    kind: services,
    default: [],
    doc:
      'Delegated Routing endpoints that are asked last: URLs, without `/routing/v1`. What they ' +
      'lead to is of no space: see `legacyContent`.',
  },
  indexingTimeoutMs: {
    ...timeout,
    doc: 'Time for the `indexingServices` to say what they know.',
  },
  claimsTimeoutMs: { ...timeout, doc: 'Time for the `claimsServices`.' },
  routersTimeoutMs: { ...timeout, doc: 'Time for the `routers`.' },
  claimIssuers: {
    kind: listOf(anyDid, claimsLimits.CLAIM_ISSUERS_MAX),
    default: [],
    doc:
      'Who is believed, beside the space itself and this gateway, that content is of a space: ' +
      'DIDs of gateways, upload services and storage nodes. Claims of others are hints where ' +
      'bytes lie.',
  },
  legacyContent: {
    kind: oneOf('refuse', 'serve'),
    default: 'refuse',
    doc:
      'What to do with content that no believed claim puts in a space: refuse it, or serve it to ' +
      'everybody on the account of this gateway.',
  },
}
