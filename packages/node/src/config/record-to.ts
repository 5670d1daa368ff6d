/**
 * Settings of what other services hear of reads that were served here.
 * @module
 */
import { gatewayAt, type HandTo } from './handover.ts'
import { oneOf } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Settings of the sender. */
export interface RecordSettings {
  readonly recordTo: HandTo | undefined
  readonly recordMode: 'read' | 'minute'
}

/** Their part of the table of settings. */
export const RECORDING: { readonly [K in keyof RecordSettings]: Setting<RecordSettings[K]> } = {
  recordTo: {
    kind: gatewayAt,
    default: undefined,
    doc:
      'The service that hears of each billed read of a space that is served here, by its DID ' +
      'and address: as `space/content/serve/egress/record`, signed by this gateway, by the ' +
      'leave of the space. It hears of what is read from when this is set.',
  },
  recordMode: {
    kind: oneOf('read', 'minute'),
    default: 'read',
    doc:
      'Whether the service of `recordTo` hears of each read by itself, or of the sum for each ' +
      'space and CID in a minute.',
  },
}
