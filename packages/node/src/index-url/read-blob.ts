/**
 * Reads a whole blob from its site in order, over as many range requests as it takes.
 * @module
 */
import { READ_LOCAL_BYTES_MAX, READ_REMOTE_BYTES_MAX } from '@turnpike/core/limits'
import { INDEX_ATTEMPTS_MAX, INDEX_PAUSE_MS } from '@turnpike/core/limits/store'
import { isTransient } from '@turnpike/core/origin/faults'
import type { BlobReader, BlobRef } from '@turnpike/core/ports/blob'
import type { Random } from '@turnpike/core/ports/runtime'
import { setTimeout as sleep } from 'node:timers/promises'
import type { CarSource } from './sink.ts'

/** How to read. */
export interface ReadBlobDeps {
  readonly reader: BlobReader
  readonly random: Random
  /** First pause before another attempt; `INDEX_PAUSE_MS` unless told. */
  readonly pauseMs?: number
}

/**
 * Yields a blob's bytes in chunks of at most `READ_LOCAL_BYTES_MAX`, each lent until the next is
 * asked for. A transient fault is tried again from where the last chunk ended, at most
 * `INDEX_ATTEMPTS_MAX` times without progress, after pauses that double.
 *
 * @throws {OriginFault} that did not pass
 * @example
 * for await (const chunk of readBlob(deps, source, signal)) hash.update(chunk)
 */
export async function* readBlob(
  deps: ReadBlobDeps,
  source: CarSource,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const size = source.sizeBytes
  const { site } = source
  const blob: BlobRef = { multihash: undefined, key: site.url, size, sites: [site] }
  const buffer = new Uint8Array(Math.min(READ_LOCAL_BYTES_MAX, size))
  let attempt = 0
  for (let at = 0; at < size;) {
    const last = Math.min(size, at + READ_REMOTE_BYTES_MAX) - 1
    const opened = await deps.reader.open(blob, site, { first: at, last }, signal)
    let fault = opened.error
    if (opened.ok !== undefined)
      try {
        while (at <= last) {
          const chunk = buffer.subarray(0, Math.min(buffer.length, last - at + 1))
          const filled = await opened.ok.fill(chunk)
          fault = filled.error
          if (fault !== undefined) break
          at += chunk.length
          attempt = 0
          yield chunk
        }
      } finally {
        opened.ok.close()
      }
    if (fault === undefined) continue
    signal.throwIfAborted()
    if (!isTransient(fault) || ++attempt >= INDEX_ATTEMPTS_MAX) throw fault
    await pause(deps, attempt, signal)
  }
}

/** Half to all of the doubled pause, so that many readers don't come back at once. */
async function pause(deps: ReadBlobDeps, attempt: number, signal: AbortSignal): Promise<void> {
  const fullMs = (deps.pauseMs ?? INDEX_PAUSE_MS) * 2 ** (attempt - 1)
  const ms = (fullMs * (1 + deps.random.bytes(1)[0]! / 255)) / 2
  await sleep(ms, undefined, { signal })
}
