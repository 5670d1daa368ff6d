/**
 * Epochs' files in memory, for tests.
 * @module
 */
import type { EpochFiles } from '@turnpike/core/ports/epoch-files'
import type { LogFile } from '@turnpike/core/ports/log-store'

/** Keeps what was written. */
export class MemoryEpochFiles implements EpochFiles {
  readonly files: Map<string, Uint8Array> = new Map<string, Uint8Array>()

  async put(files: readonly LogFile[]): Promise<void> {
    for (const { path, bytes } of files) this.files.set(path, bytes)
  }

  get(path: string): Uint8Array | undefined {
    return this.files.get(path)
  }

  newestRoot(before: number = Infinity): number | undefined {
    const roots = [...this.files.keys()].filter((path) => path.endsWith('.root')).map(epochIn)
    const older = roots.filter((epoch) => epoch < before)
    return older.length === 0 ? undefined : Math.max(...older)
  }

  /** A file's text. */
  text(path: string): string | undefined {
    const bytes = this.files.get(path)
    return bytes && new TextDecoder().decode(bytes)
  }
}

function epochIn(path: string): number {
  return Number(/\d+/.exec(path)![0])
}
