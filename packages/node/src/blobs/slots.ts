/**
 * Memory for batches on their way to a file: shared with the hash thread, aligned for direct I/O.
 * @module
 */
import { SPOOL_BATCH_BYTES, SPOOL_SLOTS_KEPT } from '@turnpike/core/limits/store'

/** A WebAssembly page, the unit of its memories. */
const PAGE_BYTES = 65_536

/**
 * (module (import "" "m" (memory 0 65536 shared))
 *   (func (export "copy") (param $to i32) (param $from i32) (param $bytes i32)
 *     local.get $to local.get $from local.get $bytes memory.copy))
 */
const COPY_MODULE = new Uint8Array(
  [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    [0x01, 0x07, 0x01, 0x60, 0x03, 0x7f, 0x7f, 0x7f, 0x00],
    [0x02, 0x0a, 0x01, 0x00, 0x01, 0x6d, 0x02, 0x03, 0x00, 0x80, 0x80, 0x04],
    [0x03, 0x02, 0x01, 0x00],
    [0x07, 0x08, 0x01, 0x04, 0x63, 0x6f, 0x70, 0x79, 0x00, 0x00],
    [0x0a, 0x0e, 0x01, 0x0c, 0x00, 0x20, 0x00, 0x20, 0x01, 0x20, 0x02],
    [0xfc, 0x0a, 0x00, 0x00, 0x0b],
  ].flat(),
)

/** One memory for all slots, and what copies within it. */
interface Arena {
  readonly buffer: ArrayBufferLike
  readonly copy: (to: number, from: number, bytes: number) => void
}

/**
 * A WebAssembly memory begins at a page of the machine, as direct I/O wants it: JavaScript knows no
 * other way to such memory. What no slot uses takes address space only.
 */
function createArena(bytes: number): Arena | undefined {
  const pages = Math.ceil(bytes / PAGE_BYTES)
  try {
    const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    const copier = new WebAssembly.Instance(new WebAssembly.Module(COPY_MODULE), {
      '': { m: memory },
    })
    return { buffer: memory.buffer, copy: copier.exports['copy'] as Arena['copy'] }
  } catch {
    // Without WebAssembly (`--jitless`) or address space (`ulimit -v`).
    return undefined
  }
}

/**
 * Slots of `SPOOL_BATCH_BYTES`. `SPOOL_SLOTS_KEPT` are aligned and kept; who takes more at once
 * gets ordinary ones, with which files are written buffered.
 */
export class Slots {
  #arena: Arena | undefined
  #idle: Uint8Array[] | undefined

  /** Takes a slot; its content is arbitrary. */
  take(): Uint8Array {
    this.#idle ??= this.#createIdle()
    return this.#idle.pop() ?? new Uint8Array(new SharedArrayBuffer(SPOOL_BATCH_BYTES))
  }

  /** Gives back a slot that nobody reads or writes any more. */
  give(slot: Uint8Array): void {
    if (slot.buffer === this.#arena?.buffer) this.#idle!.push(slot)
  }

  /**
   * As `slot.set(bytes, at)`. Between two slots, at ten times its speed: V8 copies shared memory
   * word by word (3 GiB/s), WebAssembly does as the machine can (30 GiB/s).
   */
  copy(slot: Uint8Array, at: number, bytes: Uint8Array): void {
    const { buffer, copy } = this.#arena ?? {}
    if (copy === undefined || slot.buffer !== buffer || bytes.buffer !== buffer)
      return slot.set(bytes, at)
    if (at + bytes.length > slot.length)
      throw new RangeError(`"at" expected <= ${slot.length - bytes.length}, got ${at}`)
    copy(slot.byteOffset + at, bytes.byteOffset, bytes.length)
  }

  #createIdle(): Uint8Array[] {
    this.#arena = createArena(SPOOL_SLOTS_KEPT * SPOOL_BATCH_BYTES)
    const { buffer } = this.#arena ?? {}
    if (buffer === undefined) return []
    // The first slots are popped first, so that as few as possible are ever touched.
    const slots = Array.from(
      { length: SPOOL_SLOTS_KEPT },
      (_, i) => new Uint8Array(buffer, i * SPOOL_BATCH_BYTES, SPOOL_BATCH_BYTES),
    )
    return slots.toReversed()
  }
}
