/**
 * What happens in one run of the billing campaign, from chance: reads, records of others, VOIDs,
 * owners, clocks and faults, over several lives of a process.
 * @module
 */
import type { Fault as StripeFault } from '@turnpike/node/stripe/testing/fake-stripe'
import type { Random } from '../rig/random.ts'

/** A read that the gateway serves. */
export interface ReadStep {
  /** Entry id, in hex. */
  readonly id: string
  readonly space: string
  readonly bytes: number
  readonly kind: 'content' | 'error' | 'probe' | 'refused'
  /** Bytes drawn from a remote provider for it; 0: none. */
  readonly fetched: number
}

/** A record of egress by a gateway of others. Its resource is its own, so that it can be found. */
export interface RecordStep {
  readonly key: string
  readonly issuer: string
  readonly space: string
  readonly bytes: number
}

/** One thing that is done. `n` tells apart what may be done again: a try of it has the same. */
export type Step = { readonly n: number } & (
  | { readonly do: 'reads'; readonly reads: readonly ReadStep[] }
  | { readonly do: 'records'; readonly records: readonly RecordStep[] }
  | { readonly do: 'void'; readonly id: string }
  | { readonly do: 'assign'; readonly space: string; readonly customer: string }
  | { readonly do: 'release'; readonly space: string }
  /** Time passes. */
  | { readonly do: 'pass'; readonly ms: number }
  /** Somebody sets the wall clock, until the life is over. */
  | { readonly do: 'set'; readonly ms: number }
  | { readonly do: 'catchUp' | 'rebuild' | 'jobs' | 'draft' }
)

/** What goes wrong in a life, at a durable write counted from its start. */
export interface Fault {
  readonly kind: 'kill before' | 'kill after' | 'full'
  readonly atWrite: number
  /** Writes that fail, of a full disk. */
  readonly writes: number
}

/** One life of the process that owns the folder. */
export interface Life {
  readonly data: string
  /** File of the key for Stripe, and its address. */
  readonly stripeKey: string
  readonly stripeApi: string
  /** Wall clock when it starts. */
  readonly startMs: number
  readonly steps: readonly Step[]
  readonly fault: Fault | undefined
}

/** A life that is to be lived. */
export interface Planned {
  readonly steps: readonly Step[]
  readonly fault: Fault | undefined
  /** Whether another process wants the folder at the same time. */
  readonly isContested: boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MIB = 1 << 20
/** Four days before a month is over. */
export const START_MS: number = Date.UTC(2026, 9, 28)
/** Spaces of a run; the first customers own some of them. */
export const SPACES: readonly string[] = ['did:key:zA', 'did:key:zB', 'did:key:zC', 'did:key:zD']
/** Customers of a run. */
export const CUSTOMERS = [
  'did:mailto:example.com:ann',
  'did:mailto:example.com:bob',
  'did:mailto:example.com:cleo',
] as const
/** What a customer is called at Stripe. */
export function stripeIdOf(customer: string): string {
  return `cus_${customer.split(':').at(-1)}`
}
const ISSUERS = ['did:web:edge.example', 'did:web:other.example']
/** Writes of a life are some hundred: a fault may come after the last. */
const FAULT_WRITES_MAX = 260
const LIVES_MAX = 4
const STRIPE_FAULTS_MAX = 60
/** One life of so many is contested. */
const CONTESTED_IN = 8

/** Makes the lives of a run, the last one without faults apart. */
export class Script {
  readonly #random: Random
  #n = 0
  /** Ids of reads that were served, and records that were made, so far. */
  readonly #ids: string[] = []
  readonly #records: RecordStep[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** Lives that may have a fault. */
  lives(): Planned[] {
    return Array.from({ length: 1 + this.#random.below(LIVES_MAX) }, () => ({
      // Jobs run each minute: hours wait for no more than a life before they are sent to Stripe.
      steps: [
        this.plain('jobs'),
        ...Array.from({ length: 4 + this.#random.below(12) }, () => this.#step()),
      ],
      fault: this.#fault(),
      isContested: this.#random.below(CONTESTED_IN) === 0,
    }))
  }

  /** Everything that was ever sent, sent once more, in another order. */
  redelivery(): Step[] {
    const records = this.#records.toSorted(() => this.#random.fraction() - 0.5)
    return records.length === 0 ? [] : [{ n: this.#n++, do: 'records', records }]
  }

  /** What befalls calls of Stripe's meter events, one after the other. */
  stripeFaults(): (StripeFault | undefined)[] {
    const faults = ['429', '500', '500 after', 'timeout after', undefined, undefined] as const
    return Array.from({ length: this.#random.below(STRIPE_FAULTS_MAX) }, () =>
      this.#random.pick(faults),
    )
  }

  /** A step without chance in it. */
  plain(what: 'catchUp' | 'jobs' | 'rebuild' | 'draft'): Step {
    return { n: this.#n++, do: what }
  }

  /** A step in which time passes. */
  passing(ms: number): Step {
    return { n: this.#n++, do: 'pass', ms }
  }

  #fault(): Fault | undefined {
    const random = this.#random
    const kind = random.pick(['kill before', 'kill after', 'full', undefined] as const)
    if (kind === undefined) return undefined
    return { kind, atWrite: random.below(FAULT_WRITES_MAX), writes: 1 + random.below(30) }
  }

  #step(): Step {
    const random = this.#random
    const n = this.#n++
    const turn = random.below(20)
    if (turn < 7) return { n, do: 'reads', reads: this.#reads() }
    if (turn < 10) return { n, do: 'records', records: this.#some() }
    if (turn < 12) return this.#void(n)
    if (turn < 14)
      return { n, do: 'assign', space: random.pick(SPACES), customer: random.pick(CUSTOMERS) }
    if (turn === 14) return { n, do: 'release', space: random.pick(SPACES) }
    if (turn < 18) return { n, do: 'pass', ms: this.#while() }
    if (turn === 18) return { n, do: 'set', ms: (random.below(7) - 3) * (HOUR_MS / 2) }
    return { n, do: random.pick(['catchUp', 'rebuild', 'jobs', 'draft'] as const) }
  }

  #while(): number {
    const random = this.#random
    return random.pick([60_000, HOUR_MS, random.below(DAY_MS), 2 * DAY_MS])
  }

  #reads(): ReadStep[] {
    const random = this.#random
    return Array.from({ length: 1 + random.below(30) }, () => {
      const id = this.#hex(16)
      this.#ids.push(id)
      const turn = random.below(12)
      const kind = turn === 0 ? 'error' : turn === 1 ? 'probe' : turn === 2 ? 'refused' : 'content'
      const fetched = random.below(5) === 0 ? random.below(MIB) : 0
      return { id, space: random.pick(SPACES), bytes: random.below(64 * MIB), kind, fetched }
    })
  }

  /** New records, and some that were sent before. */
  #some(): RecordStep[] {
    const random = this.#random
    const fresh = Array.from({ length: 1 + random.below(8) }, () => ({
      key: this.#hex(32),
      issuer: random.pick(ISSUERS),
      space: random.pick(SPACES),
      bytes: 1 + random.below(MIB),
    }))
    const again = this.#records.filter(() => random.below(4) === 0).slice(0, 20)
    this.#records.push(...fresh)
    return [...again, ...fresh, ...again]
  }

  #void(n: number): Step {
    if (this.#ids.length === 0) return { n, do: 'catchUp' }
    // Recent ones mostly: a read is voided more than once, too.
    const recent = this.#ids.slice(-40)
    return { n, do: 'void', id: this.#random.pick(recent) }
  }

  #hex(bytes: number): string {
    return Array.from({ length: bytes }, () =>
      this.#random.below(256).toString(16).padStart(2, '0'),
    ).join('')
  }
}
