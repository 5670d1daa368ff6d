/**
 * Writes vectors/unixfs/importer.json: what ipfs-unixfs-importer makes of each case.
 *
 *     cd compat/unixfs && npm ci && npm run vectors
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { importer } from 'ipfs-unixfs-importer'
import { fixedSize } from 'ipfs-unixfs-importer/chunker'
import { balanced } from 'ipfs-unixfs-importer/layout'
import { chunksOf, entriesOf } from '../../scripts/unixfs-recipe.ts'
import type { Metadata, Recipe } from '../../scripts/unixfs-recipe.ts'
import { allCases } from './cases.ts'
import type { Case } from './cases.ts'

const TARGET = new URL('../../vectors/unixfs/importer.json', import.meta.url)
/** Pieces in which content is handed to the importer: not its chunks, so that it has to cut. */
const PIECE_BYTES = 300_000
/** The importer stores each block as it makes it; nobody reads them here. */
const nowhere = { put: async (cid: unknown): Promise<unknown> => cid }

function status({ mode, mtime }: Metadata): object {
  return {
    ...(mode === undefined ? {} : { mode }),
    ...(mtime && { mtime: { secs: BigInt(mtime.seconds), nsecs: mtime.nanoseconds } }),
  }
}

function* candidates(path: string, recipe: Recipe): Generator<object> {
  if (recipe.kind === 'file')
    yield { path, content: chunksOf(recipe.content, PIECE_BYTES), ...status(recipe) }
  else if (recipe.kind === 'symlink') yield { path, link: recipe.target, ...status(recipe) }
  else
    for (const [name, child] of entriesOf(recipe.entries))
      yield* candidates(`${path}/${name}`, child)
}

function options({ profile, override = {} }: Case): object {
  const { chunkBytes, fileLinksMax, hamtThresholdBytes } = override
  return {
    profile,
    ...(chunkBytes && { chunker: fixedSize({ chunkSize: chunkBytes }) }),
    ...(fileLinksMax && { layout: balanced({ maxChildrenPerNode: fileLinksMax }) }),
    ...(hamtThresholdBytes && { shardSplitThresholdBytes: hamtThresholdBytes }),
  }
}

async function run(wanted: Case): Promise<object> {
  const source = candidates('root', wanted.recipe) as Generator<never>
  let root: { path?: string; cid: { toString(): string }; size: bigint } | undefined
  for await (const entry of importer(source, nowhere as never, options(wanted)))
    if (entry.path === 'root') root = entry
  if (root === undefined) throw new Error(`${wanted.name}: the importer gave no root`)
  return { ...wanted, cid: root.cid.toString(), dagBytes: Number(root.size) }
}

const vectors: object[] = []
for (const wanted of allCases()) {
  vectors.push(await run(wanted))
  console.log(`${wanted.profile} ${wanted.name}`)
}
const manifest = new URL('node_modules/ipfs-unixfs-importer/package.json', import.meta.url)
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
const about = `CIDs that ipfs-unixfs-importer ${version} computes. Written by compat/unixfs/vectors.ts.`
writeFileSync(TARGET, `${JSON.stringify({ about, vectors }, undefined, 2)}\n`)
