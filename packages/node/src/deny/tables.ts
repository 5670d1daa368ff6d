/**
 * Packed denylists as the catalog has them.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import { concatBytes } from '@turnpike/core/bytes'
import { DenyTable } from '@turnpike/core/deny/table'

/** A list, and which version of it the catalog has. */
export interface StoredList {
  readonly id: number
  readonly name: string
  readonly generation: number
  readonly pieces: number
}

/** Generation of the newest change of any list. */
export function denyGeneration(catalog: DatabaseSync): number {
  return Number(catalog.prepare('SELECT generation FROM deny_state').get()!.generation)
}

/** All lists; later ones overrule earlier ones, and what operators set is last. */
export function storedLists(catalog: DatabaseSync): readonly StoredList[] {
  return catalog
    .prepare(`SELECT id, name, generation, pieces FROM deny_lists ORDER BY name = 'own', name`)
    .all()
    .map((row) => ({
      id: Number(row.id),
      name: String(row.name),
      generation: Number(row.generation),
      pieces: Number(row.pieces),
    }))
}

/** One piece of a list's table; undefined when the list has been replaced by a shorter one. */
export function readPiece(
  catalog: DatabaseSync,
  list: StoredList,
  piece: number,
): Uint8Array | undefined {
  return catalog
    .prepare(
      `SELECT bytes FROM deny_pieces JOIN deny_lists ON deny_lists.id = list
       WHERE list = ? AND piece = ? AND generation = ?`,
    )
    .get(list.id, piece, list.generation)?.bytes as Uint8Array | undefined
}

/** A list's table, read at once; undefined when there is no list of the name. */
export function readTable(catalog: DatabaseSync, name: string): DenyTable | undefined {
  const list = storedLists(catalog).find((one) => one.name === name)
  if (list === undefined) return undefined
  const pieces = Array.from({ length: list.pieces }, (_, i) => readPiece(catalog, list, i)!)
  return new DenyTable(concatBytes(pieces))
}
