/**
 * All verbs, in the order in which help lists them. Each is loaded when it is asked for: together
 * they are twice the modules of one, and a quarter of a second of each command (measured).
 * @module
 */
import type { Verb, VerbGroup } from './verb.ts'

/** By the word that calls it. `help` and `version` have no options and stand in main. */
const LOADERS: Readonly<Record<string, () => Promise<Verb | VerbGroup>>> = {
  start: async () => (await import('./verbs/start.ts')).start,
  serve: async () => (await import('./verbs/serve.ts')).serve,
  add: async () => (await import('./verbs/add.ts')).add,
  rm: async () => (await import('./verbs/rm.ts')).rm,
  gc: async () => (await import('./verbs/gc.ts')).gc,
  index: async () => (await import('./verbs/index.ts')).index,
  space: async () => (await import('./verbs/space.ts')).space,
  customer: async () => (await import('./verbs/customer.ts')).customer,
  grant: async () => (await import('./verbs/grant.ts')).grant,
  balance: async () => (await import('./verbs/balance.ts')).balance,
  quota: async () => (await import('./verbs/quota.ts')).quota,
  delegate: async () => (await import('./verbs/delegate.ts')).delegate,
  claims: async () => (await import('./verbs/claims.ts')).claims,
  deny: async () => (await import('./verbs/deny.ts')).deny,
  name: async () => (await import('./verbs/name.ts')).name,
  domain: async () => (await import('./verbs/domain.ts')).domain,
  usage: async () => (await import('./verbs/usage.ts')).usage,
  statement: async () => (await import('./verbs/statement.ts')).statement,
  stripe: async () => (await import('./verbs/stripe.ts')).stripe,
  receipts: async () => (await import('./verbs/receipts.ts')).receipts,
  anchor: async () => (await import('./verbs/anchor.ts')).anchor,
  reconcile: async () => (await import('./verbs/reconcile.ts')).reconcile,
  payout: async () => (await import('./verbs/payout.ts')).payout,
  credits: async () => (await import('./verbs/credits.ts')).credits,
  ledger: async () => (await import('./verbs/ledger.ts')).ledger,
  void: async () => (await import('./verbs/void.ts')).voidRead,
  handover: async () => (await import('./verbs/handover.ts')).handover,
  queue: async () => (await import('./verbs/queue.ts')).queue,
  audit: async () => (await import('./verbs/audit.ts')).audit,
  whoami: async () => (await import('./verbs/whoami.ts')).whoami,
  config: async () => (await import('./verbs/config.ts')).config,
}

/**
 * The verb or group that a word calls, alone; all of them when it calls none.
 *
 * @example
 * findVerb(words, await verbsFor(words[0]))
 */
export async function verbsFor(word: string): Promise<readonly (Verb | VerbGroup)[]> {
  const load = Object.hasOwn(LOADERS, word) ? LOADERS[word] : undefined
  return load === undefined ? allVerbs() : [await load()]
}

/** All verbs and groups. */
export function allVerbs(): Promise<readonly (Verb | VerbGroup)[]> {
  return Promise.all(Object.values(LOADERS).map((load) => load()))
}
