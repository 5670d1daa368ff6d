/**
 * `format=car`: a DAG, or what is needed of it, as a CAR that its reader can verify.
 * Source: trustless gateway specification, `application/vnd.ipld.car`.
 * @module
 */
import type { BodyReader } from '@turnpike/core/body'
import type { CarParams } from './car-params.ts'
import type { ContentPath } from '../parse-request.ts'
import type { Expand } from '../walk/expand.ts'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { dispositionOf } from './disposition.ts'
import { CHUNK_BYTES_MAX } from '@turnpike/core/limits'
import type { Content } from './content.ts'
import { DagWalk, type WalkedBlock } from '../walk/dag-walk.ts'
import { type Link, linkToString } from '@turnpike/core/link'
import { carFrame, encodeCarHeader } from '@turnpike/core/car/encode'
import type { BlockSession } from '../blocks/session.ts'
import type { HeldBlock } from '../blocks/block-item.ts'

/** What goes into the CAR. */
export interface CarRequest {
  readonly session: BlockSession
  readonly hasher: Hasher
  /** The path as requested: with the parameters, it decides the bytes. */
  readonly path: ContentPath
  readonly params: CarParams
  /** Blocks on the way to the target, sent first. */
  readonly trail: readonly Link[]
  /** Where the path leads: the CAR's root. */
  readonly target: Link
  /** What of the target's DAG follows. */
  readonly expand: Expand | undefined
}

/** Blocks of the path, the target, and of what is below it what the parameters ask for. */
export function carContent(request: CarRequest): Content {
  const { order, dups } = request.params
  return {
    status: 200,
    etag: etagOf(request),
    type: `application/vnd.ipld.car; version=1; order=${order}; dups=${dups ? 'y' : 'n'}`,
    headers: [
      dispositionOf(request.path.params, 'attachment', carName(request.path)),
      ['X-Content-Type-Options', 'nosniff'],
      ['Accept-Ranges', 'none'],
    ],
    lifetime: 'immutable',
    sizeBytes: undefined,
    ranged: false,
    billable: true,
    inMemory: false,
    body: () => ({ length: undefined, open: () => new CarReader(request) }),
  }
}

/** The name by the root and, so that CARs of one root can be told apart, the last name below it. */
function carName({ root, segments }: ContentPath): string {
  const last = segments.at(-1)
  return `${linkToString(root)}${last === undefined ? '' : `_${last}`}.car`
}

/** Weak, as blocks may be in another order. Names as JSON, so that no two requests look alike. */
function etagOf({ hasher, path, params }: CarRequest): string {
  const { scope, bytes, order, dups } = params
  const range = bytes && [bytes.from, bytes.to ?? '*']
  const text = JSON.stringify([path.segments, scope, range, order, dups])
  const digest = hasher.sha256(utf8.encode(text))
  const variant = Array.from(digest.subarray(0, 16), (byte) => byte.toString(16).padStart(2, '0'))
  return `W/"${linkToString(path.root)}.car.${variant.join('')}"`
}

const utf8 = new TextEncoder()

/**
 * Blocks up to this size are joined into chunks of 256 KiB, because a write costs more than copying
 * 64 KiB; a larger one is sent from where it lies.
 */
const JOIN_BYTES_MAX = CHUNK_BYTES_MAX / 4

class CarReader implements BodyReader {
  readonly #walk: DagWalk
  readonly #joined = new Uint8Array(CHUNK_BYTES_MAX)
  #joinedBytes = 0
  /** A block that found no room in the last chunk. */
  #carried: WalkedBlock | undefined
  /** A large block being sent from where it lies, and what of it is left. */
  #large: HeldBlock | undefined
  #rest: Uint8Array | undefined

  constructor(request: CarRequest) {
    const { session, trail, target, expand, params } = request
    this.#walk = new DagWalk(session, { trail, target, expand, dups: params.dups })
    this.#join(encodeCarHeader([request.target]))
  }

  async read(): Promise<Uint8Array | null> {
    const piece = this.#largePiece()
    if (piece !== undefined) return piece
    for (;;) {
      const block = this.#carried ?? (await this.#walk.next())
      this.#carried = undefined
      if (block === undefined) return this.#joinedBytes > 0 ? this.#flush() : null
      const chunk = this.#take(block)
      if (chunk !== undefined) return chunk
    }
  }

  close(): void {
    this.#large?.release()
    this.#carried?.held.release()
    this.#large = this.#carried = this.#rest = undefined
    this.#walk.close()
  }

  /** Takes a block in; returns a chunk when one is ready. */
  #take(block: WalkedBlock): Uint8Array | undefined {
    const { bytes } = block.held
    const large = bytes.length > JOIN_BYTES_MAX
    const prefix = carFrame(block.link, bytes.length)
    const neededBytes = prefix.length + (large ? 0 : bytes.length)
    if (this.#joinedBytes + neededBytes > CHUNK_BYTES_MAX) {
      this.#carried = block
      return this.#flush()
    }
    this.#join(prefix)
    if (large) {
      this.#large = block.held
      this.#rest = bytes
      return this.#flush()
    }
    this.#join(bytes)
    block.held.release()
    return undefined
  }

  #largePiece(): Uint8Array | undefined {
    const rest = this.#rest
    if (rest === undefined) return undefined
    if (rest.length > 0) {
      this.#rest = rest.subarray(CHUNK_BYTES_MAX)
      return rest.subarray(0, CHUNK_BYTES_MAX)
    }
    this.#large?.release()
    this.#large = this.#rest = undefined
    return undefined
  }

  #join(bytes: Uint8Array): void {
    this.#joined.set(bytes, this.#joinedBytes)
    this.#joinedBytes += bytes.length
  }

  #flush(): Uint8Array {
    const chunk = this.#joined.subarray(0, this.#joinedBytes)
    this.#joinedBytes = 0
    return chunk
  }
}
