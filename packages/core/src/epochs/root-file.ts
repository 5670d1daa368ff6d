/**
 * `<epoch>.root`: what the log says of a sealed epoch, a pure function of the log and its key.
 * @module
 */
import type { NoteSigner } from '../note/note.ts'
import type { EpochStatement } from '../ports/anchor.ts'
import type { Hasher } from '../ports/runtime.ts'
import type { Result } from '../result.ts'
import { hashText, parseLine, readCount, readHash, readText, signLine } from './signed-line.ts'
import type { InvalidEpochFile, LineFormat, SignedLine } from './signed-line.ts'

/** An epoch as its `.root` has it: the log's id follows from the key that signed. */
export type PublishedRoot = Omit<EpochStatement, 'logId'>

const utf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

const ROOT_FORMAT: LineFormat<PublishedRoot> = {
  type: 'turnpike-epoch-root/v1',
  write: (epoch) => ({
    origin: epoch.origin,
    epoch: epoch.epoch,
    previousEpoch: epoch.previousEpoch,
    first: epoch.first,
    end: epoch.end,
    root: hashText(epoch.root),
    sealLeaf: hashText(epoch.sealLeaf),
    summaryRoot: hashText(epoch.summaryRoot),
    previousRoot: hashText(epoch.previousRoot),
    checkpoint: fromUtf8.decode(epoch.checkpoint),
  }),
  read: (line) => ({
    origin: readText(line, 'origin'),
    epoch: readCount(line, 'epoch'),
    previousEpoch: line['previousEpoch'] === null ? null : readCount(line, 'previousEpoch'),
    first: readCount(line, 'first'),
    end: readCount(line, 'end'),
    root: readHash(line, 'root'),
    sealLeaf: readHash(line, 'sealLeaf'),
    summaryRoot: readHash(line, 'summaryRoot'),
    previousRoot: readHash(line, 'previousRoot'),
    checkpoint: utf8.encode(readText(line, 'checkpoint')),
  }),
}

/** Path of an epoch's `.root` below `receipts/`. */
export function rootPath(epoch: number): string {
  return `read/${epoch}.root`
}

/**
 * The file: the same bytes whenever it is made, since Ed25519 takes no chance.
 *
 * @example
 * await files.put([{ path: rootPath(epoch.epoch), bytes: await rootFile(epoch, signer, hasher) }])
 */
export function rootFile(
  epoch: PublishedRoot,
  signer: NoteSigner,
  hasher: Hasher,
): Promise<Uint8Array> {
  return signLine(ROOT_FORMAT, epoch, signer, hasher)
}

/**
 * What a `.root` says. Its signature is not checked: `verifyNote` does.
 *
 * @example
 * const { ok: root, error } = parseRootFile(bytes)
 */
export function parseRootFile(
  bytes: Uint8Array,
): Result<SignedLine<PublishedRoot>, InvalidEpochFile> {
  return parseLine(ROOT_FORMAT, bytes)
}
