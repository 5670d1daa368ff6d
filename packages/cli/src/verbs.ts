/**
 * All verbs, in the order in which help lists them.
 * @module
 */
import { add } from './verbs/add.ts'
import { anchor } from './verbs/anchor.ts'
import { audit } from './verbs/audit.ts'
import { balance } from './verbs/balance.ts'
import { claims } from './verbs/claims.ts'
import { config } from './verbs/config.ts'
import { credits } from './verbs/credits.ts'
import { customer } from './verbs/customer.ts'
import { delegate } from './verbs/delegate.ts'
import { deny } from './verbs/deny.ts'
import { domain } from './verbs/domain.ts'
import { gc } from './verbs/gc.ts'
import { grant } from './verbs/grant.ts'
import { handover } from './verbs/handover.ts'
import { index } from './verbs/index.ts'
import { ledger } from './verbs/ledger.ts'
import { name } from './verbs/name.ts'
import { payout } from './verbs/payout.ts'
import { queue } from './verbs/queue.ts'
import { quota } from './verbs/quota.ts'
import { receipts } from './verbs/receipts.ts'
import { reconcile } from './verbs/reconcile.ts'
import { rm } from './verbs/rm.ts'
import { serve } from './verbs/serve.ts'
import { space } from './verbs/space.ts'
import { start } from './verbs/start.ts'
import { statement } from './verbs/statement.ts'
import { stripe } from './verbs/stripe.ts'
import { usage } from './verbs/usage.ts'
import { voidRead } from './verbs/void.ts'
import { whoami } from './verbs/whoami.ts'
import type { Verb, VerbGroup } from './verb.ts'

/** `help` and `version` have no options of their own and stand in main. */
export const VERBS: readonly (Verb | VerbGroup)[] = [
  start,
  serve,
  add,
  rm,
  gc,
  index,
  space,
  customer,
  grant,
  balance,
  quota,
  delegate,
  claims,
  deny,
  name,
  domain,
  usage,
  statement,
  stripe,
  receipts,
  anchor,
  reconcile,
  payout,
  credits,
  ledger,
  voidRead,
  handover,
  queue,
  audit,
  whoami,
  config,
]
