/**
 * What authorization costs the thread that serves: warm, for each request, and cold, for each
 * delegation.
 * @module
 */
import { join } from 'node:path'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delegate, type API } from '@ucanto/core'
import type { SpaceDid } from '@turnpike/core/ports/content'
import { readUcanArchive, type Ucan } from '@turnpike/core/ucan/archive'
import { publicKeyOf } from '@turnpike/core/ucan/did-key'
import { openCatalogWriter } from '../catalog/database.ts'
import { nodeHasher } from '../hasher.ts'
import { nodeVerifier } from '../names/verifier.ts'
import { nodeClock } from '../runtime.ts'
import { catalogAuthorizer } from './authorizer.ts'
import { storeDelegation } from './store-delegation.ts'
import { GATEWAY, keyOf } from './testing/chains.ts'

/** What was measured. */
export interface AuthorizeFigures {
  readonly warmUs: number
  readonly warmTokenUs: number
  readonly wrongTokenUs: number
  /** A chain of three, from the store to the verdict. */
  readonly coldMs: number
  /** Three Ed25519 signatures checked, which no such chain can do without. */
  readonly signaturesMs: number
}

const TOKEN = 'open sesame'

/**
 * Measures on a catalog of its own, with chains of three.
 *
 * @example
 * const { warmUs, coldMs } = await benchAuthorize(100_000)
 */
export async function benchAuthorize(requests: number): Promise<AuthorizeFigures> {
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-bench-authorize-'))
  const catalog = openCatalogWriter(join(folder, 'catalog.sqlite')).ok!
  const gateways = [GATEWAY.did()]
  const open = await chainOfThree(51, undefined)
  const closed = await chainOfThree(54, TOKEN)
  const { signal } = new AbortController()
  for (const { archive } of [open, closed]) {
    const nowMs = nodeClock.nowMs()
    const kept = await storeDelegation(catalog, { archive, gateways, nowMs, signal })
    if (kept.error) throw kept.error
  }
  try {
    const ask = (): ReturnType<typeof catalogAuthorizer> =>
      catalogAuthorizer(catalog, nodeClock, { gateways })
    const warm = ask()
    const usOf = async (space: SpaceDid, token: string | undefined): Promise<number> => {
      const run = async (count: number): Promise<number> => {
        const startMs = performance.now()
        // What is warm is answered without a promise.
        for (let i = 0; i < count; i++) {
          const said = warm.authorize(space, token)
          if (said instanceof Promise) await said
        }
        return ((performance.now() - startMs) * 1000) / count
      }
      await run(Math.ceil(requests / 4))
      return run(requests)
    }
    return {
      warmUs: await usOf(open.space, undefined),
      warmTokenUs: await usOf(closed.space, TOKEN),
      wrongTokenUs: await usOf(closed.space, 'wrong'),
      coldMs: await medianMs(async () => ask().authorize(open.space, undefined)),
      signaturesMs: await medianMs(() => checkSignatures(open.archive)),
    }
  } finally {
    catalog.close()
    rmSync(folder, { recursive: true })
  }
}

async function medianMs(work: () => unknown): Promise<number> {
  const times: number[] = []
  for (let i = 0; i < 300; i++) {
    const startMs = performance.now()
    await work()
    times.push(performance.now() - startMs)
  }
  return times.toSorted((a, b) => a - b)[times.length >> 1]!
}

async function chainOfThree(
  seed: number,
  token: string | undefined,
): Promise<{ readonly space: SpaceDid; readonly archive: Uint8Array }> {
  const keys = await Promise.all([seed, seed + 1, seed + 2].map(keyOf))
  const space = keys[0]!.did()
  let proof: API.Delegation | undefined
  for (const [i, issuer] of keys.entries())
    proof = await delegate({
      issuer,
      audience: keys[i + 1] ?? GATEWAY,
      capabilities: [
        {
          can: 'space/content/serve/transport/http',
          with: space,
          nb: token === undefined ? {} : { token },
        },
      ],
      expiration: Infinity,
      proofs: proof === undefined ? [] : [proof],
    })
  const archived = await proof!.archive()
  if (archived.error) throw archived.error
  return { space, archive: archived.ok }
}

/** Checks the signature of the outermost UCAN three times: all of a chain are alike. */
function checkSignatures(archive: Uint8Array): void {
  signed ??= readUcanArchive(archive, nodeHasher).ok!.root
  const key = publicKeyOf(signed.issuer)!
  for (let i = 0; i < 3; i++) nodeVerifier.verify(key, signed.payload, signed.signature.raw)
}

let signed: Ucan | undefined
