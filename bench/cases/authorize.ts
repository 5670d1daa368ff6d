/**
 * Authorization alone.
 * @module
 */
import { benchAuthorize } from '@turnpike/node/authorize/authorize.bench'
import { type BenchCase, check } from '../measure.ts'

/** Verdicts on a space and a token. */
export const authorize: BenchCase = {
  name: 'authorize',
  about: 'may a space be served: for each request, and for a chain of three that is new',
  async run({ sizes }) {
    const found = await benchAuthorize(sizes.smallRequests)
    return {
      figures: {
        authorize: Object.fromEntries(
          Object.entries(found).map(([name, value]) => [name, [value]]),
        ),
      },
      checks: [
        check('us a request, warm', found.warmUs, 'at most', 20),
        check('us a request with a token, warm', found.warmTokenUs, 'at most', 20),
        check('ms for a chain of three, cold', found.coldMs, 'at most', 2),
        check('times three signatures', found.coldMs / found.signaturesMs, 'at most', 6),
      ],
    }
  },
}
