/**
 * A data folder whose log is registered in a contract of a node that runs, for tests.
 * @module
 */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { emptyRoot } from '@turnpike/core/merkle/hash'
import type { NoteSigner } from '@turnpike/core/note/note'
import type { EpochStatement } from '@turnpike/core/ports/anchor'
import type { Result } from '@turnpike/core/result'
import type { Hex } from 'viem'
import { folderPaths } from '../../../folder/layout.ts'
import { nodeHasher } from '../../../hasher.ts'
import { openLogSigner } from '../../../log/signer.ts'
import { EvmAnchor, type EvmAnchorOptions } from '../anchor.ts'
import { openEvmKey } from '../key.ts'
import { deployContract, registerLog } from '../manage.ts'
import type { EvmRegistration } from '../registration.ts'
import { fund, startAnvil, type Anvil } from './anvil.ts'

/** A hundred gwei. */
export const FEE_MAX: bigint = 100n * 10n ** 9n

/** All of it, as a test needs it. */
export interface Deployed {
  readonly anvil: Anvil
  readonly dataDir: string
  readonly signer: NoteSigner
  readonly contract: Hex
  readonly registration: EvmRegistration
  readonly anchor: EvmAnchor
  /** What deploying and registering took. */
  readonly gas: { readonly deploy: bigint; readonly register: bigint }
  /** Another anchor for the same folder: another process, or one with other options. */
  again(options?: Partial<EvmAnchorOptions>): EvmAnchor
}

/**
 * Starts a node, deploys, registers. Afterwards blocks are made on demand only.
 *
 * @example
 * const { anvil, anchor } = await deployed(t)
 */
export async function deployed(t: Pick<TestContext, 'after'>): Promise<Deployed> {
  const anvil = await startAnvil([])
  const dataDir = await mkdtemp(join(tmpdir(), 'turnpike-evm-'))
  t.after(async () => {
    await anvil.stop()
    await rm(dataDir, { recursive: true })
  })
  const { rpc } = anvil
  await fund(anvil, (await openEvmKey(folderPaths(dataDir).keys)).address)
  const signer = await openLogSigner(folderPaths(dataDir).keys, 'gateway.example/log')
  const deploy = need(await deployContract({ dataDir, rpc }))
  const { contract } = deploy
  const { registration, done } = need(await registerLog({ dataDir, rpc, contract, signer }))
  await anvil.client.setAutomine(false)
  const again: Deployed['again'] = (options = {}) =>
    new EvmAnchor({ dataDir, rpc, feeMax: FEE_MAX, ...options })
  const gas = { deploy: deploy.gas, register: done!.gas }
  return { anvil, dataDir, signer, contract, registration, anchor: again(), gas, again }
}

/** Epochs that follow each other, as a log would state them; `salt` makes another log of it. */
export function statements(
  count: number,
  { from = 491_000, salt = '' }: { readonly from?: number; readonly salt?: string } = {},
): EpochStatement[] {
  const hash = (text: string): Uint8Array =>
    new Uint8Array(createHash('sha256').update(text).digest())
  return Array.from({ length: count }, (_, at) => ({
    logId: hash('log'),
    origin: 'gateway.example/log',
    epoch: from + at,
    previousEpoch: at === 0 ? null : from + at - 1,
    first: at * 100,
    end: (at + 1) * 100,
    root: hash(`${salt} root ${at}`),
    previousRoot: at === 0 ? emptyRoot(nodeHasher) : hash(`${salt} root ${at - 1}`),
    sealLeaf: hash(`${salt} seal ${at}`),
    summaryRoot: hash(`${salt} summary ${at}`),
    checkpoint: new Uint8Array(0),
  }))
}

/** The good outcome, or the error. */
export function need<T extends NonNullable<unknown>>(result: Result<T>): T {
  assert.ifError(result.error)
  return result.ok!
}
