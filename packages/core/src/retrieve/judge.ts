/**
 * Judges invocations to retrieve a blob: who may, in whose name, which bytes, and once.
 * Source: Storacha, `space/content/retrieve`; RFC, "UCAN invocations in HTTP headers".
 * @module
 */
import { bytesEqual } from '../bytes.ts'
import type { ByteRange } from '../range.ts'
import { ok, type Result } from '../result.ts'
import type { UcanCapability } from '../ucan/archive.ts'
import { covering, isWithin, RETRIEVE, wishIn, type RetrieveWish } from './caveats.ts'
import {
  InvocationJudge,
  refused,
  type Examined,
  type JudgeDeps,
  type Refusal,
  type RetrievalRefused,
} from './invocations.ts'
import type { SpentInvocations } from './spent.ts'

/** A request for a blob with an invocation. */
export interface RetrievalAsked {
  /** Value of the header field. */
  readonly value: string
  /** Multihash of the blob. */
  readonly multihash: Uint8Array
  /** What the request says it wants; all that the invocation names, unless told. */
  readonly range: ByteRange | undefined
  readonly signal: AbortSignal
}

/** Leave to send some bytes of a blob to who signed for them. */
export interface Retrieval extends Examined {
  /** What may be sent, and is asked for. */
  readonly range: ByteRange
}

/**
 * Judges invocations to retrieve, for one process.
 *
 * @example
 * const judge = new RetrievalJudge({ store, checks, gateways, attesters: [], hasher, clock })
 * const examined = await judge.examine({ value, multihash, range: undefined, signal })
 */
export class RetrievalJudge {
  readonly #invocations: InvocationJudge

  constructor(deps: JudgeDeps, spent?: SpentInvocations) {
    this.#invocations = new InvocationJudge(deps, spent)
  }

  /** Says whether an invocation is good; it is let through once its blob is found. */
  async examine(asked: RetrievalAsked): Promise<Result<Retrieval, Refusal>> {
    const { value, signal } = asked
    let range = asked.range
    const examined = await this.#invocations.examine({
      value,
      signal,
      wanted(capability) {
        const wish = wishOf(capability, asked)
        if (wish.error) return wish
        range ??= wish.ok.range
        return ok(covering(wish.ok))
      },
    })
    return examined.error ? examined : ok({ ...examined.ok, range: range! })
  }
}

/** What a capability wants, when that is what the request is about. */
function wishOf(
  capability: UcanCapability,
  { multihash, range }: RetrievalAsked,
): Result<RetrieveWish, RetrievalRefused> {
  const wish = wishIn(capability.nb)
  if (capability.can !== RETRIEVE || wish === undefined)
    return refused('not-retrieval', `one capability ${RETRIEVE} {blob, range} expected`)
  if (!bytesEqual(wish.digest, multihash))
    return refused('unauthorized', 'blob expected to be that of the address, is another')
  if (range !== undefined && !isWithin(range, wish.range)) {
    const { first, last } = wish.range
    return refused('unauthorized', `range expected within bytes ${first}-${last}, is not`)
  }
  return ok(wish)
}
