/**
 * A world whose range reads wait until a test lets them go on, one by one, and that knows what is
 * still open.
 * @module
 */
import {
  type BlobRef,
  type BlobSite,
  type BlobStream,
  OriginFault,
} from '@turnpike/core/ports/blob'
import { BlockEngine } from '../blocks/engine.ts'
import type { ByteRange } from '@turnpike/core/range'
import type { GatewayDeps } from '../deps.ts'
import { READ_AHEAD_BYTES_MAX } from '@turnpike/core/limits'
import type { Result } from '@turnpike/core/result'
import { World } from './world.ts'
import assert from 'node:assert/strict'

/** A fill that waits, and the address that it reads from. */
export interface WaitingFill {
  readonly url: string
  /** Lets the fill go on, to the fault if there is one. */
  goOn(fault?: OriginFault['name']): void
}

/** See the module. Fills go on by themselves until `hold` is set. */
export class HeldUpWorld extends World {
  readonly waiting: WaitingFill[] = []
  /** Streams that were opened and not closed. */
  openStreams = 0
  /** Whether fills wait. */
  hold = false

  constructor() {
    super()
    this.onFill = (url) => (this.hold ? this.#wait(url) : undefined)
  }

  override open(
    blob: BlobRef,
    site: BlobSite,
    range: ByteRange,
    signal: AbortSignal,
  ): Result<BlobStream, OriginFault> {
    const opened = super.open(blob, site, range, signal)
    if (opened.error) return opened
    this.openStreams++
    let open = true
    const close = (): void => {
      if (open) this.openStreams--
      open = false
    }
    return { ok: { fill: (target) => opened.ok.fill(target), close } }
  }

  /** Lets everything that waits go on, until nothing does. */
  async flush(): Promise<void> {
    do {
      for (const fill of this.waiting.splice(0)) fill.goOn()
      await turn()
    } while (this.waiting.length > 0)
  }

  /** An engine over this world. */
  engine(options: Partial<GatewayDeps> = {}): BlockEngine {
    return new BlockEngine(this.deps(options))
  }

  #wait(url: string): Promise<OriginFault | undefined> {
    return new Promise((resolve) =>
      this.waiting.push({
        url,
        goOn: (name) =>
          resolve(name === undefined ? undefined : new OriginFault(name, url, 'as the test wants')),
      }),
    )
  }
}

/** Resolves when all that could go on by itself has. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Checks that nothing of an engine and its world is in use. */
export function assertQuiet(
  world: HeldUpWorld,
  engine: BlockEngine,
  budgetBytes: number = READ_AHEAD_BYTES_MAX,
): void {
  assert.deepEqual(engine.inUse, { blocks: 0, slabs: 0 })
  assert.equal(engine.budget.freeBytes, budgetBytes)
  assert.equal(world.openStreams, 0)
}
