/**
 * Keeping V8 from letting garbage pile up in a process that adds.
 * @module
 */
import { setFlagsFromString } from 'node:v8'

/**
 * Makes V8 collect early: what add holds is small, what it drops is much. A folder of 100,000 files
 * then takes 225 MiB instead of 440, and a quarter more time.
 *
 * For the whole process, so for commands that only add; to be called before anything else.
 *
 * @example
 * boundHeap()
 */
export function boundHeap(): void {
  setFlagsFromString('--optimize-for-size')
}
