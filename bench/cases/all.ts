/**
 * All cases, in the order in which they run.
 * @module
 */
import type { BenchCase } from '../measure.ts'
import { add } from './add.ts'
import { authorize } from './authorize.ts'
import { bigFile, bigFileOf256KiB } from './big-file.ts'
import { car, listing } from './folder.ts'
import { limits } from './limits.ts'
import { mix } from './mix.ts'
import { ranges, rangesOf256KiB } from './ranges.ts'
import { remote } from './remote.ts'
import { slowReaders } from './slow-readers.ts'
import { smallFiles } from './small-files.ts'
import { journal } from './journal.ts'
import { metering } from './metering.ts'
import { workers } from './workers.ts'

/** Every case. */
export const CASES: readonly BenchCase[] = [
  smallFiles,
  metering,
  authorize,
  limits,
  workers,
  journal,
  car,
  listing,
  bigFile,
  bigFileOf256KiB,
  slowReaders,
  mix,
  remote,
  add,
  ranges,
  rangesOf256KiB,
]
