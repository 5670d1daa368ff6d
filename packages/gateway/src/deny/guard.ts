/**
 * What one read may not touch: each name, path and block of it is checked, again when lists change.
 * @module
 */
import { type Denylist, type DenyVerdict, noDenylist } from '@turnpike/core/ports/deny'
import { DENY } from '@turnpike/core/log/entry'
import { DENY_CHECKS_KEPT_MAX } from '@turnpike/core/limits/deny'
import type { Link } from '@turnpike/core/link'
import { RequestError } from '../errors.ts'
import { keyOf } from '@turnpike/core/bytes'

/** A list denies what was asked for, or a part of it. */
export class ContentDenied extends RequestError {
  /** Which list says so: for the log, never for a client. */
  readonly reason: string

  constructor({ kind, reason }: DenyVerdict) {
    const why = kind === 'legal' ? 'for legal reasons' : 'by the policy of its operator'
    super(
      kind === 'legal' ? 'ContentDeniedLegal' : 'ContentDenied',
      `this content is not served here, ${why}`,
      { deny: DENY.policy },
    )
    this.reason = reason
  }
}

type Check = () => DenyVerdict | 'allowed' | undefined

/** The denylist as one read sees it. */
export class ReadGuard {
  readonly #denylist: Denylist
  #generation: number
  /** What this read stands on: checked again when the lists change while it runs. */
  readonly #standsOn: Check[] = []
  readonly #bodies = new Set<Check>()
  /** Blocks that are denied but lead to a path that is allowed explicitly. */
  readonly #ways = new Set<string>()

  constructor(denylist: Denylist = noDenylist) {
    this.#denylist = denylist
    this.#generation = denylist.generation
  }

  /** Generation of the lists that this read was checked against. */
  get generation(): number {
    return this.#generation
  }

  /** Whether a name may be followed, to reach the names below it. */
  name(text: string, below: readonly string[]): ContentDenied | undefined {
    return deniedBy(this.#standOn(() => this.#denylist.name(text, below)))
  }

  /**
   * Whether a path may be followed. A path that a list excepts explicitly leads through its root
   * even if that is denied: the block is looked into, and not handed out.
   */
  path(root: Link, names: readonly string[]): ContentDenied | undefined {
    const verdict = this.#standOn(() => this.#denylist.content(root, names))
    if (verdict === 'allowed' && names.length > 0) this.#ways.add(keyOf(root.multihash))
    return deniedBy(verdict)
  }

  /** Whether a block on the way may be looked into. */
  node(link: Link): ContentDenied | undefined {
    if (this.#ways.size > 0 && this.#ways.has(keyOf(link.multihash))) return undefined
    return deniedBy(this.#standOn(() => this.#denylist.content(link, [])))
  }

  /** Whether a block may be handed out. */
  block(link: Link): ContentDenied | undefined {
    return this.#denylist.empty ? undefined : deniedBy(this.#denylist.content(link, []))
  }

  /**
   * Says which blocks a body is inside of, whenever lists change, until the function that this
   * returns is called.
   */
  inside(links: () => Iterable<Link>): () => void {
    const check: Check = () => {
      for (const link of links()) {
        const verdict = this.#denylist.content(link, [])
        if (typeof verdict === 'object') return verdict
      }
      return undefined
    }
    this.#bodies.add(check)
    return () => this.#bodies.delete(check)
  }

  /** Whether what this read stands on is denied by now. Costs nothing while lists stay the same. */
  again(): ContentDenied | undefined {
    const { generation } = this.#denylist
    if (generation === this.#generation) return undefined
    this.#generation = generation
    for (const check of [...this.#standsOn, ...this.#bodies]) {
      const denied = deniedBy(check())
      if (denied !== undefined) return denied
    }
    return undefined
  }

  #standOn(check: Check): ReturnType<Check> {
    if (this.#standsOn.length < DENY_CHECKS_KEPT_MAX) this.#standsOn.push(check)
    return this.#denylist.empty ? undefined : check()
  }
}

/** The error for a verdict; undefined where nothing is denied. */
export function deniedBy(verdict: DenyVerdict | 'allowed' | undefined): ContentDenied | undefined {
  return typeof verdict === 'object' ? new ContentDenied(verdict) : undefined
}
