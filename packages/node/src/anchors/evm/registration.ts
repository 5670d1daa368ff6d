/**
 * Where a log is anchored: on which chain, in which contract, as whose. It is written down when the
 * log is registered, in `anchors/evm.json` of the data folder, and holds from then on: another
 * chain that answers instead, or the same one begun anew, is told apart by it.
 * @module
 */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { encodeBase64 } from '@turnpike/core/note/base64'
import type { NoteSigner } from '@turnpike/core/note/note'
import { encodeAbiParameters, isAddress, isHash, keccak256, type Hex } from 'viem'
import { makeDirectory, writeFileDurable } from '../../durable.ts'

/** A place where a log can be anchored. Addresses are in lower case. */
export interface EvmPlace {
  readonly chainId: number
  /** Hash of the chain's first block. */
  readonly genesis: Hex
  readonly contract: Hex
  /** Who registered the log there, and is its operator unless that was handed on. */
  readonly registrant: Hex
}

/** A log at its place. */
export interface EvmRegistration extends EvmPlace {
  readonly logId: Hex
  /** The log's signature of {@link claimText}, in base64: auditors believe a registrant by it. */
  readonly claim: string
  /** Entries before the first epoch that was ever sent there; absent until then. */
  readonly start?: number
}

/** The file holds something else. */
export class RegistrationDamaged extends Error {
  override readonly name = 'RegistrationDamaged'
  constructor(path: string, cause?: unknown) {
    super(`${path} expected where the log is anchored: restore it from a backup`, { cause })
  }
}

const utf8 = new TextEncoder()

/**
 * What a log signs to say who anchors it: one line of JSON, keys in this order, and its end. It is
 * for one contract of one chain, and can't be read as a checkpoint.
 */
export function claimText({ chainId, contract, registrant }: EvmPlace): string {
  const type = 'turnpike-anchor-operator/v1'
  return `${JSON.stringify({ type, chainId, contract, registrant })}\n`
}

/**
 * Lets the log's own key say who anchors it.
 *
 * @returns the signature, in base64
 */
export async function claimOf(place: EvmPlace, signer: NoteSigner): Promise<string> {
  return encodeBase64(await signer.sign(utf8.encode(claimText(place))))
}

/** What the contract calls a log: `logOf` of contract/ReceiptAnchor.sol. */
export function contractLog({
  registrant,
  logId,
}: Pick<EvmRegistration, 'registrant' | 'logId'>): Hex {
  const types = [{ type: 'address' }, { type: 'bytes32' }] as const
  return keccak256(encodeAbiParameters(types, [registrant, logId]))
}

/** Path of the file. */
export function registrationPath(dataDir: string): string {
  return join(dataDir, 'anchors', 'evm.json')
}

/**
 * Where the folder's log is anchored; undefined before it is registered anywhere.
 *
 * @throws {RegistrationDamaged} when the file holds something else
 */
export async function readRegistration(dataDir: string): Promise<EvmRegistration | undefined> {
  const path = registrationPath(dataDir)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  let read: Partial<EvmRegistration>
  try {
    read = JSON.parse(text) as Partial<EvmRegistration>
  } catch (cause) {
    throw new RegistrationDamaged(path, cause)
  }
  const { chainId, genesis, contract, registrant, logId, claim, start } = read ?? {}
  const fits =
    Number.isSafeInteger(chainId) &&
    [genesis, logId].every((hash) => typeof hash === 'string' && isHash(hash)) &&
    [contract, registrant].every((one) => typeof one === 'string' && isAddress(one)) &&
    typeof claim === 'string' &&
    (start === undefined || Number.isSafeInteger(start))
  if (!fits) throw new RegistrationDamaged(path)
  const registration = { chainId, genesis, contract, registrant, logId, claim } as EvmRegistration
  return start === undefined ? registration : { ...registration, start }
}

/** Writes down where the folder's log is anchored. */
export async function writeRegistration(
  dataDir: string,
  registration: EvmRegistration,
): Promise<void> {
  const path = registrationPath(dataDir)
  await makeDirectory(dirname(path))
  await writeFileDurable(path, utf8.encode(`${JSON.stringify(registration, null, 2)}\n`))
}
