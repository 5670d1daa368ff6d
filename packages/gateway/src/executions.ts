/**
 * Code that was run to answer a read: the figures of its EXEC entries.
 * Source: design, "The log", EXEC; docs/concepts/executions.md.
 * @module
 */
import { CODE_CID_BYTES_MAX, EXECUTIONS_RECORDED_MAX } from '@turnpike/core/limits/read-receipts'
import { fail, ok, type Result, type Unit } from '@turnpike/core/result'

/** What running some code took. */
export interface Execution {
  /** CPU time in microseconds, below 2^53. */
  readonly cpuUs: number
  /** Bytes read from disk and written to it, below 2^64. */
  readonly diskReadBytes: bigint
  readonly diskWriteBytes: bigint
  /** Binary CID of what was run, at most 72 bytes; null where it has none. */
  readonly code: Uint8Array | null
  /** 0 for success, else the executor's code. */
  readonly exit: number
}

/** The read's entries are on their way to the journal: nothing can be added to them. */
export class ReadEnded extends Error {
  override readonly name = 'ReadEnded'
  constructor() {
    super('execution expected before the end of its read, came after: record it in close()')
  }
}

const UINT64_MAX = 2n ** 64n - 1n

/**
 * Executions of one read. What goes beyond `EXECUTIONS_RECORDED_MAX` is summed into the last.
 *
 * @example
 * executions.record({ cpuUs: 1200, diskReadBytes: 0n, diskWriteBytes: 0n, code, exit: 0 })
 */
export class Executions {
  readonly #recorded: Execution[] = []
  #closed = false

  /** Whether there were any: then the answer was dynamic. */
  get any(): boolean {
    return this.#recorded.length > 0
  }

  /**
   * Adds one that has ended.
   *
   * @throws {RangeError} when a figure can't be written into an entry
   */
  record(execution: Execution): Result<Unit, ReadEnded> {
    check(execution)
    if (this.#closed) return fail(new ReadEnded())
    const last = this.#recorded.length - 1
    if (last + 1 < EXECUTIONS_RECORDED_MAX) this.#recorded.push(execution)
    else this.#recorded[last] = sumOf(this.#recorded[last]!, execution)
    return ok({})
  }

  /** Takes them; none can be added afterwards. */
  close(): readonly Execution[] {
    this.#closed = true
    return this.#recorded
  }
}

function check({ cpuUs, diskReadBytes, diskWriteBytes, code, exit }: Execution): void {
  for (const [name, value] of Object.entries({ cpuUs, exit }))
    if (!Number.isSafeInteger(value) || value < 0)
      throw new RangeError(`"${name}" expected 0 to 2^53 - 1, got ${value}`)
  for (const [name, value] of Object.entries({ diskReadBytes, diskWriteBytes }))
    if (value < 0n || value > UINT64_MAX)
      throw new RangeError(`"${name}" expected 0 to 2^64 - 1, got ${value}`)
  if (code !== null && code.length > CODE_CID_BYTES_MAX)
    throw new RangeError(`"code" expected <= ${CODE_CID_BYTES_MAX} bytes, got ${code.length}`)
}

/** One entry for two executions: nothing of what they took is left out. */
function sumOf(a: Execution, b: Execution): Execution {
  const least = (x: bigint): bigint => (x > UINT64_MAX ? UINT64_MAX : x)
  return {
    cpuUs: Math.min(a.cpuUs + b.cpuUs, Number.MAX_SAFE_INTEGER),
    diskReadBytes: least(a.diskReadBytes + b.diskReadBytes),
    diskWriteBytes: least(a.diskWriteBytes + b.diskWriteBytes),
    code: null,
    exit: a.exit === 0 ? b.exit : a.exit,
  }
}
