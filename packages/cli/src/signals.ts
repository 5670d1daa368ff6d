/**
 * Ctrl-C and SIGTERM.
 * @module
 */
import { EXIT } from './exit.ts'

/** A signal that aborts when somebody wants this process to stop. */
export interface Interrupt {
  readonly signal: AbortSignal
  /** Gives the process's signals back. */
  end(): void
}

/** Listens for the first Ctrl-C or SIGTERM, which aborts; the second ends the process at once. */
export function untilInterrupted(): Interrupt {
  const controller = new AbortController()
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(EXIT.interrupted)
    controller.abort(new DOMException('interrupted', 'AbortError'))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  return {
    signal: controller.signal,
    end() {
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
    },
  }
}
