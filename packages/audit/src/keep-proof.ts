/**
 * Keeps proofs of misbehaviour as files, each once.
 * @module
 */
import { hash } from 'node:crypto'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Misbehaviour } from './misbehaviour.ts'
import { writeWhole } from './whole-file.ts'

/** Proofs that are kept in one folder; the first ones say enough. */
export const PROOFS_KEPT_MAX = 64

/**
 * Writes a proof as `turnpike receipts verify` reads it, unless it is there or the folder is full.
 *
 * @returns its path; undefined when the folder is full
 * @example
 * const path = await keepProof('./proofs', misbehaviour('split-view', evidence))
 */
export async function keepProof(folder: string, proof: Misbehaviour): Promise<string | undefined> {
  await mkdir(folder, { recursive: true })
  const text = `${JSON.stringify(proof)}\n`
  const name = `${proof.rule}-${hash('sha256', text).slice(0, 32)}.json`
  const kept = await readdir(folder)
  if (!kept.includes(name)) {
    if (kept.length >= PROOFS_KEPT_MAX) return undefined
    await writeWhole(join(folder, name), text)
  }
  return join(folder, name)
}
