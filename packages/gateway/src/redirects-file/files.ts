/**
 * Parsed `_redirects` files, kept between requests.
 * @module
 */
import { REDIRECTS_FILE_BYTES_MAX, REDIRECTS_KEPT_BYTES_MAX } from '@turnpike/core/limits'
import { type RedirectRule, RedirectsFileInvalid } from './rule.ts'
import { type Result, fail } from '@turnpike/core/result'
import type { LoadedNode, Nodes, WalkError } from '../walk/nodes.ts'
import { parseRedirects, tooLarge } from './parse.ts'
import { BlockMissing } from '../blocks/errors.ts'
import type { BlockSession } from '../blocks/session.ts'
import { LRUCache } from 'lru-cache'
import { fileBody } from '../walk/file-body.ts'
import { linkToString } from '@turnpike/core/link'

type Parsed = ReturnType<typeof parseRedirects>

/** Memory of one rule beside its text: measured at 310 to 380 bytes. */
export const RULE_BYTES = 512

/** Reads and parses files; keeps what came of it by space and multihash, faults included. */
export class RedirectsFiles {
  readonly #kept: LRUCache<string, Parsed>

  constructor(bytesMax: number = REDIRECTS_KEPT_BYTES_MAX) {
    this.#kept = new LRUCache({ maxSize: bytesMax })
  }

  /**
   * The rules of a file.
   *
   * @returns `RedirectsFileInvalid` for what is no file, too large, or does not parse
   */
  async rulesOf(
    nodes: Nodes,
    session: BlockSession,
    root: LoadedNode,
  ): Promise<Result<readonly RedirectRule[], WalkError | RedirectsFileInvalid>> {
    const key = session.keyOf(root.link.multihash)
    const kept = this.#kept.get(key)
    if (kept !== undefined) return kept
    const bytes = await readFile(nodes, session, root)
    if (bytes.error) return bytes
    const parsed = parseRedirects(bytes.ok)
    const size = bytes.ok.length + RULE_BYTES * (1 + (parsed.ok?.length ?? 0))
    this.#kept.set(key, parsed, { size })
    return parsed
  }
}

/** Bytes of a file within the bound; what is larger is refused before any of it is read. */
async function readFile(
  nodes: Nodes,
  session: BlockSession,
  root: LoadedNode,
): Promise<Result<Uint8Array, WalkError | RedirectsFileInvalid>> {
  const isFile = root.kind === 'raw' || (root.kind === 'dag-pb' && root.unixfs.type === 'file')
  if (!isFile) return fail(new RedirectsFileInvalid('expected a file, got none'))
  const sizeBytes =
    root.kind === 'raw' ? await session.sizeOf(root.link) : root.unixfs.fileSizeBytes
  if (sizeBytes === undefined) return fail(new BlockMissing(linkToString(root.link)))
  if (sizeBytes > REDIRECTS_FILE_BYTES_MAX) return fail(tooLarge(sizeBytes))
  const bytes = new Uint8Array(sizeBytes)
  const body = fileBody({ nodes, session, root }, { first: 0, last: sizeBytes - 1 })
  const reader = body.open(new AbortController().signal)
  let at = 0
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      bytes.set(chunk, at)
      at += chunk.length
    }
  } catch (error) {
    return fail(error as WalkError)
  } finally {
    reader.close()
  }
  return { ok: bytes }
}
