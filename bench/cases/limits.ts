/**
 * Limits of requests alone.
 * @module
 */
import { benchRateLimits } from '@turnpike/node/serve/rate-limits.bench'
import { type BenchCase, check } from '../measure.ts'

/** Whether an address comes too often. */
export const limits: BenchCase = {
  name: 'limits',
  about: 'does an address come too often: for each request, before anything is done for it',
  async run({ sizes }) {
    const found = await benchRateLimits(sizes.smallRequests)
    return {
      figures: {
        limits: Object.fromEntries(Object.entries(found).map(([name, value]) => [name, [value]])),
      },
      checks: [
        check('us a request where addresses are not limited', found.offUs, 'at most', 1),
        check('us a request of one address', found.oneUs, 'at most', 2),
        check('us a request beside as many as are remembered', found.manyUs, 'at most', 3),
        check('us a request beside twice as many', found.tooManyUs, 'at most', 3),
      ],
    }
  },
}
