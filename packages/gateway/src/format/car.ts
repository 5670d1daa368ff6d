/**
 * `format=car`: a DAG, or what is needed of it, as a CAR that its reader can verify.
 * Source: trustless gateway specification, `application/vnd.ipld.car`.
 * @module
 */
import type { CarParams } from './car-params.ts'
import type { ContentPath } from '../parse-request.ts'
import type { Expand } from '../walk/expand.ts'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { dispositionOf } from './disposition.ts'
import type { Content } from './content.ts'
import { DagWalk } from '../walk/dag-walk.ts'
import { JoinedReader, type PieceSource, ownPiece } from './joined-body.ts'
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
    body: () => ({ length: undefined, open: () => new JoinedReader(new CarPieces(request)) }),
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

/** The header, then each block of the walk with its frame before it. */
class CarPieces implements PieceSource {
  readonly #walk: DagWalk
  #header: Uint8Array | undefined
  /** A block whose frame was handed out. */
  #framed: HeldBlock | undefined

  constructor({ session, trail, target, expand, params }: CarRequest) {
    this.#walk = new DagWalk(session, { trail, target, expand, dups: params.dups })
    this.#header = encodeCarHeader([target])
  }

  async next(): Promise<HeldBlock | undefined> {
    const ready = this.#framed ?? (this.#header && ownPiece(this.#header))
    this.#framed = this.#header = undefined
    if (ready !== undefined) return ready
    const block = await this.#walk.next()
    if (block === undefined) return undefined
    this.#framed = block.held
    return ownPiece(carFrame(block.link, block.held.bytes.length))
  }

  close(): void {
    this.#framed?.release()
    this.#framed = undefined
    this.#walk.close()
  }
}
