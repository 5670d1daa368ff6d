/**
 * For tests: a deployment that holds a private space, and delegations of it.
 * @module
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { delegate as issue, DID } from '@ucanto/core'
import { base58btc } from 'multiformats/bases/base58'
import { addPaths } from '../../add/add.ts'
import { openToAdd } from '../../add/context.ts'
import type { SpaceCreated } from '../../authorize/operations.ts'
import { callOwner } from '../../control/client.ts'
import { findKey, type Signer } from '../../folder/keys.ts'
import { folderPaths } from '../../folder/layout.ts'
import type { Settings } from '../../config/settings.ts'
import { openCatalogReader } from '../../catalog/database.ts'
import { startDeployment, testFolder, type Deployment } from '../../testing/deployment.ts'

/** A private blob, and who may have it. */
export interface HolderRig {
  readonly folder: string
  readonly holder: Deployment
  /** The private space's key. */
  readonly space: Signer
  /** The private shard, its multihash, and where it is. */
  readonly shard: Uint8Array
  readonly url: string
  readonly size: number
  /** Root of the private file. */
  readonly root: string
  readonly content: Uint8Array
}

/** Calls the owner of a data folder. */
export async function call<T>(data: string, method: string, params: object): Promise<T> {
  const called = await callOwner(data, method, params)
  if (called.error) throw called.error
  return called.ok as T
}

/** A delegation, archived, in base64; and its CID. */
export async function delegation(
  issuer: Signer,
  audience: string,
  can: `${string}/${string}`,
  options: { readonly nb?: object; readonly expiration?: number } = {},
): Promise<{ readonly cid: string; readonly archive: string; readonly bytes: Uint8Array }> {
  const { nb, expiration = Infinity } = options
  const made = await issue({
    issuer,
    audience: DID.parse(audience),
    capabilities: [{ can, with: issuer.did(), ...(nb && { nb }) }] as never,
    expiration,
  })
  const archived = await made.archive()
  if (archived.error) throw archived.error
  const archive = Buffer.from(archived.ok).toString('base64')
  return { cid: `${made.cid}`, archive, bytes: archived.ok }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Starts a deployment with a private file, of which nothing is served to anybody. */
export async function holderRig(
  t: Pick<TestContext, 'after'>,
  content: Uint8Array,
  settings: Partial<Settings> = {},
): Promise<HolderRig> {
  const folder = await testFolder()
  const port = await freePort()
  const data = join(folder.path, 'holder')
  const publicUrl = `http://127.0.0.1:${port}`
  const holder = await startDeployment(data, { port, publicUrl, ...settings })
  t.after(async () => {
    await holder.turnpike.close(0)
    // Not before: what is stopped has the folder open.
    await folder.remove()
    assert.deepEqual(holder.crashes, [])
  })
  await call<SpaceCreated>(data, 'spaceCreate', { name: 'private' })
  const file = join(folder.path, 'a.bin')
  writeFileSync(file, content)
  const opened = (await openToAdd(data, 'private')).ok!
  const added = await addPaths(opened, [file])
  await opened.close()
  if (added.error) throw added.error
  await call(data, 'claimsIssue', { publicUrl: holder.url })
  const space = (await findKey(folderPaths(data).keys, 'space-private'))!
  const catalog = openCatalogReader(folderPaths(data).database).ok!
  const row = catalog
    .prepare(
      `SELECT b.multihash, b.size FROM space_blobs h JOIN blobs b ON b.id = h.blob
       JOIN spaces p ON p.id = h.space WHERE p.did = ? ORDER BY b.size DESC LIMIT 1`,
    )
    .get(space.did()) as unknown as { readonly multihash: Uint8Array; readonly size: number }
  catalog.close()
  const shard = new Uint8Array(row.multihash)
  return {
    folder: folder.path,
    holder,
    space,
    shard,
    url: `${holder.url}/blob/${base58btc.encode(shard)}`,
    size: row.size,
    root: added.ok.cid!,
    content,
  }
}
