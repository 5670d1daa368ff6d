/**
 * Settings of plans, and of what happens where they end.
 * @module
 */
import { QUOTA_UNCOUNTED_BYTES_MAX } from '@turnpike/core/limits/billing'
import { bytes, httpUrl, path } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Settings of plans and quotas. */
export interface PlanSettings {
  readonly plans: string | undefined
  readonly quotaUncountedBytesMax: number
  readonly quotaWebhook: string | undefined
  readonly quotaWebhookSecret: string | undefined
}

/** Their part of the table of settings. */
export const PLANS: { readonly [K in keyof PlanSettings]: Setting<PlanSettings[K]> } = {
  plans: {
    kind: path,
    default: undefined,
    doc:
      'File of plans, in JSON: what customers pay, what that includes and where it ends. It is ' +
      'read at the start. Without one, everybody is on a free plan without limits.',
  },
  quotaUncountedBytesMax: {
    kind: bytes(0, Number.MAX_SAFE_INTEGER),
    default: QUOTA_UNCOUNTED_BYTES_MAX,
    doc:
      'Bytes of one customer with a hard limit that may be sent while it can not be told what ' +
      'they have used, because accounting stands still. With 0 their reads are refused then.',
  },
  quotaWebhook: {
    kind: httpUrl,
    default: undefined,
    doc:
      'Address that is told, by a signed POST, when a customer has used a half, four fifths or ' +
      'all of what their plan covers, and when reads begin or cease to be refused.',
  },
  quotaWebhookSecret: {
    kind: path,
    default: undefined,
    doc: 'File whose first line is the secret that messages to `quotaWebhook` are signed with.',
  },
}
