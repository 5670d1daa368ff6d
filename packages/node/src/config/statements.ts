/**
 * Settings of statements.
 * @module
 */
import { httpUrl, path } from './kinds.ts'
import type { Setting } from './settings.ts'

/** Settings of who is told of closed months. */
export interface StatementSettings {
  readonly statementWebhook: string | undefined
  readonly statementWebhookSecret: string | undefined
}

/** Their part of the table of settings. */
export const STATEMENTS: {
  readonly [K in keyof StatementSettings]: Setting<StatementSettings[K]>
} = {
  statementWebhook: {
    kind: httpUrl,
    default: undefined,
    doc: 'Address that is told, by a signed POST, when a month was closed.',
  },
  statementWebhookSecret: {
    kind: path,
    default: undefined,
    doc: 'File whose first line is the secret that messages to `statementWebhook` are signed with.',
  },
}
