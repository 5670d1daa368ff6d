/**
 * `turnpike stripe`: the sink that sends usage to Stripe.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { map } from './stripe/map.ts'
import { redrive } from './stripe/redrive.ts'
import { status } from './stripe/status.ts'

/** The verbs. */
export const stripe: VerbGroup = {
  name: 'stripe',
  summary: 'Send usage to Stripe’s meters.',
  verbs: [map, status, redrive],
}
