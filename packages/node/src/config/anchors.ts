/**
 * Settings of where epochs are anchored.
 * @module
 */
import { ANCHORS_MAX } from '@turnpike/core/limits/receipts'
import { listOf, oneOf, type Kind } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Names of the anchors that there are. Each is made in `anchors/open.ts`. */
export type AnchorName = 'local' | 'witness' | 'evm'

/** Where epochs are anchored. */
export interface AnchorSettings {
  readonly anchors: readonly AnchorName[]
  readonly anchorEvery: 'hour' | 'day'
}

const anchorName = oneOf<AnchorName>('local', 'witness', 'evm')
const names = listOf(anchorName, ANCHORS_MAX)

/** One anchor or more, none twice. */
const anchorNames: Kind<readonly AnchorName[]> = {
  ...names,
  expected: `one or more, none twice, separated by commas, each ${anchorName.expected}`,
  fromText: (value) => distinct(names.fromText(value)),
  fromJson: (value) => distinct(names.fromJson(value)),
}

/** Their part of the table of settings. */
export const ANCHORS: { readonly [K in keyof AnchorSettings]: Setting<AnchorSettings[K]> } = {
  anchors: {
    kind: anchorNames,
    default: ['local'],
    doc:
      'Who holds what each hour of the log came to; an hour is final, and its credits are ' +
      'issued, when all of them hold it for good. `local` is this deployment itself and shows ' +
      'nobody anything; `witness` are the `witnesses`; `evm` is a contract on a chain.',
  },
  anchorEvery: {
    kind: oneOf('hour', 'day'),
    default: 'hour',
    doc: 'How often hours go to anchors: each when it is sealed, or those of a whole day (UTC).',
  },
}

function distinct(given: readonly AnchorName[] | undefined): readonly AnchorName[] | undefined {
  return given !== undefined && given.length > 0 && new Set(given).size === given.length
    ? given
    : undefined
}
