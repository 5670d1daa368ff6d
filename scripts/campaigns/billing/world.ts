/**
 * The world of a process in the billing campaign: its clocks are told what time it is, and its
 * durable writes can be counted, be its last, or fail as on a full disk. The product knows nothing
 * of it; this is to be loaded before anything of the product is.
 * @module
 */
import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'
import os from 'node:os'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Fault } from './script.ts'

const SQLITE_FULL = 13
/** SQL that makes something durable; the rest of a transaction's statements are `run`. */
const COMMITS = /^\s*COMMIT/i

/** What time it is, and what goes wrong. */
export const world = {
  nowMs: 0,
  monotonicMs: 1_000_000_000,
  writes: 0,
  fault: undefined as Fault | undefined,
}

/** A life begins: nothing has been written. */
export function begin(startMs: number, fault: Fault | undefined): void {
  Object.assign(world, { nowMs: startMs, writes: 0, fault })
}

/** Counts a durable write; it may be the last thing that this process does. */
function write<T>(full: () => Error, work: () => T): T {
  const { fault } = world
  const at = world.writes++ - (fault?.atWrite ?? Infinity)
  if (at === 0 && fault?.kind === 'kill before') process.kill(process.pid, 'SIGKILL')
  if (fault?.kind === 'full' && at >= 0 && at < fault.writes) throw full()
  const result = work()
  if (at === 0 && fault?.kind === 'kill after') process.kill(process.pid, 'SIGKILL')
  return result
}

function noSpace(): Error {
  return Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
}

function sqliteFull(): Error {
  const code = { code: 'ERR_SQLITE_ERROR', errcode: SQLITE_FULL }
  return Object.assign(new Error('database or disk is full'), code)
}

type Method = (...args: unknown[]) => unknown

/** Counts what a method does as a durable write, when `counts` says so. */
function count(
  target: object,
  name: string,
  full: () => Error,
  counts: (first: unknown) => boolean = () => true,
): void {
  const methods = target as Record<string, Method>
  const original = methods[name]!
  methods[name] = function counted(this: unknown, ...args: unknown[]): unknown {
    if (!counts(args[0])) return original.apply(this, args)
    return write(full, () => original.apply(this, args))
  }
}

/** Like {@link count}, of a function that rejects rather than throws. */
function countAsync(target: object, name: string): void {
  const methods = target as Record<string, (...args: unknown[]) => Promise<unknown>>
  const original = methods[name]!
  methods[name] = async function counted(this: unknown, ...args: unknown[]): Promise<unknown> {
    return write(noSpace, () => original.apply(this, args))
  }
}

/** Puts this world in place of the real one. */
export async function enter(): Promise<void> {
  Date.now = () => world.nowMs
  os.uptime = () => world.monotonicMs / 1000
  count(StatementSync.prototype, 'run', sqliteFull)
  count(DatabaseSync.prototype, 'exec', sqliteFull, (sql) => COMMITS.test(String(sql)))
  countAsync(fsPromises, 'rename')
  const handle = await fsPromises.open(process.execPath, 'r')
  const prototype: object = Object.getPrototypeOf(handle)
  await handle.close()
  for (const name of ['write', 'writeFile', 'sync']) countAsync(prototype, name)
  // A journal's writes go to room that was made before: they don't fail, but may be the last.
  const { write: writeFd } = fs
  fs.write = ((...args: unknown[]) => {
    const { fault } = world
    if (fault?.kind === 'full') return (writeFd as Method)(...args)
    return write(noSpace, () => (writeFd as Method)(...args))
  }) as typeof fs.write
  syncBuiltinESMExports()
}
