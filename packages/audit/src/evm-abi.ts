/**
 * Calls of the anchors' contract, as the EVM's ABI has them: words of 32 bytes in hex.
 * Source: Solidity, "Contract ABI Specification".
 * @module
 */
import { keccak_256 } from '@noble/hashes/sha3'
import { encodeHex } from './base64.ts'

const WORD_CHARS = 64
const SELECTOR_CHARS = 8

/** An epoch as a log states it. */
export interface ChainEpoch {
  readonly epoch: number
  /** Entries of the log with it. */
  readonly end: number
  /** Root of the log of that size, and leaf hash of the epoch's SEAL: 32 bytes each. */
  readonly root: Uint8Array
  readonly sealLeaf: Uint8Array
}

/** A log that somebody registered. */
export interface RegisteredLog {
  /** Hash of its name and key, 32 bytes: the whole of what a key id is the start of. */
  readonly logId: Uint8Array
  /** Address of who registered it: 0x and 40 hex digits. */
  readonly registrant: string
}

const utf8 = new TextEncoder()

/** Topic of an event, or start of the data of a call, by its signature. */
export function signatureHash(signature: string): string {
  return encodeHex(keccak_256(utf8.encode(signature)))
}

/** Whether text is an address: 0x and 40 hex digits. */
export function isAddress(text: string): boolean {
  return /^0x[0-9a-f]{40}$/i.test(text)
}

/**
 * What the contract calls a log: the hash of its registrant and id.
 *
 * @throws {RangeError} when the registrant is no address
 */
export function contractLog({ logId, registrant }: RegisteredLog): string {
  const packed = new Uint8Array(64)
  packed.set(addressBytes(registrant), 12)
  packed.set(logId, 32)
  return encodeHex(keccak_256(packed))
}

/** Data of a call that asks where a log stands, and when some of its epochs were anchored. */
export function standingCall(log: string, epochs: readonly ChainEpoch[]): string {
  const selector = signatureHash('standing(bytes32,(uint40,uint56,bytes32,bytes32)[])')
  const words = epochs.flatMap(({ epoch, end, root, sealLeaf }) => [
    numberWord(epoch),
    numberWord(end),
    encodeHex(root),
    encodeHex(sealLeaf),
  ])
  const head = [log, numberWord(64), numberWord(epochs.length)]
  return `0x${selector.slice(0, SELECTOR_CHARS)}${[...head, ...words].join('')}`
}

/**
 * When each epoch was anchored, of what the contract answered: seconds, 0 for not yet; undefined
 * when it is no such answer.
 */
export function standingTimes(answer: unknown, count: number): readonly number[] | undefined {
  // Four words of where the log stands, where the list begins, how long it is.
  const words = wordsOf(answer)
  if (words === undefined || words.length !== 6 + count) return undefined
  if (Number(`0x${words[4]}`) !== 5 * 32 || Number(`0x${words[5]}`) !== count) return undefined
  return words.slice(6).map((word) => Number(`0x${word}`))
}

/** Whether a contract failed because an epoch is anchored as another one. */
export function isConflict(data: string): boolean {
  return data.startsWith(`0x${signatureHash('Conflict(uint40)').slice(0, SELECTOR_CHARS)}`)
}

/** The 32-byte words of hex; undefined when it is none. */
function wordsOf(hex: unknown): readonly string[] | undefined {
  if (typeof hex !== 'string' || !/^0x(?:[0-9a-f]{64})+$/i.test(hex)) return undefined
  return hex.slice(2).match(new RegExp(`.{${WORD_CHARS}}`, 'g')) ?? undefined
}

/** A number as a word. */
function numberWord(value: number): string {
  return value.toString(16).padStart(WORD_CHARS, '0')
}

function addressBytes(address: string): Uint8Array {
  if (!isAddress(address))
    throw new RangeError(`"registrant" expected 0x and 40 hex digits, got ${address}`)
  return Uint8Array.from(address.slice(2).match(/../g)!, (byte) => Number.parseInt(byte, 16))
}
