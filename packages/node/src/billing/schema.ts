/**
 * Tables of `billing.sqlite` and the migrations that lead to them: records that can't be derived
 * from the log. A migration, once released, is never edited.
 * @module
 */
import { PAYOUT_SCHEMA } from '../payout/schema.ts'
import { CREDITS_SCHEMA } from '../credits/schema.ts'
import { EGRESS_SCHEMA } from '../egress/position.ts'
import { EPOCHS_SCHEMA } from '../epochs/schema.ts'
import { DOMAIN_OWNERS } from '../domains/owners.ts'
import { QUEUE_SCHEMA } from '../queue/schema.ts'
import { STATEMENTS_SCHEMA } from '../statements/schema.ts'
import { GIVEN, QUOTA_TOLD } from '../quota/schema.ts'
import { STRIPE_SCHEMA } from '../stripe/schema.ts'
import { STORAGE_DAYS } from '../usage/storage-schema.ts'

/** Migration `i` leads from version `i` to version `i + 1` (SQLite's `user_version`). */
export const BILLING_MIGRATIONS: readonly string[] = [
  QUEUE_SCHEMA,
  STORAGE_DAYS,
  STATEMENTS_SCHEMA,
  GIVEN,
  PAYOUT_SCHEMA,
  EGRESS_SCHEMA,
  QUOTA_TOLD,
  STRIPE_SCHEMA,
  EPOCHS_SCHEMA,
  DOMAIN_OWNERS,
  CREDITS_SCHEMA,
]
