/**
 * Settings of the sink that sends usage to Stripe.
 * @module
 */
import { httpUrl, path } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Settings of the Stripe sink. */
export interface StripeSettings {
  readonly stripeKey: string | undefined
  readonly stripeApi: string | undefined
}

/** Their part of the table of settings. */
export const STRIPE: { readonly [K in keyof StripeSettings]: Setting<StripeSettings[K]> } = {
  stripeKey: {
    kind: path,
    default: undefined,
    doc:
      'File whose first line is a secret key of Stripe. With it, what customers used is sent to ' +
      'Stripe’s billing meters, hour by hour.',
  },
  stripeApi: {
    kind: httpUrl,
    default: undefined,
    doc: 'Address of Stripe’s API where it is not Stripe’s own, for tests.',
  },
}
