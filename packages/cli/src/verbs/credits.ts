/**
 * `turnpike credits`: what providers earn by reads.
 * @module
 */
import type { VerbGroup } from '../verb.ts'
import { balance } from './credits/balance.ts'
import { ls } from './credits/ls.ts'
import { policy } from './credits/policy.ts'
import { seed } from './credits/seed.ts'
import { spend } from './credits/spend.ts'

/** The verbs about credits. */
export const credits: VerbGroup = {
  name: 'credits',
  summary: 'Reward providers for reads: fill the pool, say what a read earns, spend.',
  verbs: [seed, policy, balance, spend, ls],
}
