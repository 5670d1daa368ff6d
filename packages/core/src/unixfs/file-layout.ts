/**
 * The balanced tree over a file's leaves, built while they arrive.
 * @module
 */
import { encodePbNode } from '../dag-pb/encode.ts'
import type { PbLink } from '../dag-pb/encode.ts'
import type { Hasher } from '../ports/runtime.ts'
import { interiorBlock } from './block.ts'
import type { FileNode, UnixfsBlock } from './block.ts'
import { fileTreeData, hasMetadata } from './encode.ts'
import type { UnixfsMetadata } from './encode.ts'
import type { UnixfsProfile } from './profile.ts'

const NO_NAME = new Uint8Array(0)

/** A finished file: its root, and the blocks that its last leaf completed. */
export interface FileEnd {
  readonly root: FileNode
  /** Children first; empty when the root is the only leaf. */
  readonly blocks: readonly UnixfsBlock[]
}

/**
 * Lays out one file. Leaves come in order; each interior block is handed out as soon as it is known
 * to be complete, so memory holds at most one unfinished node for each level of the tree.
 *
 * A file of one leaf is that leaf. If it also has metadata, it is no tree at all: use `smallFile`.
 *
 * @example
 * const layout = new FileLayout(profile, hasher)
 * for (const chunk of chunks) store(...layout.add(leafOf(profile, hasher, chunk)))
 * const { root, blocks } = layout.finish()
 */
export class FileLayout {
  readonly #profile: UnixfsProfile
  readonly #hasher: Hasher
  readonly #metadata: UnixfsMetadata
  /** Children that wait for their parent; `#levels[0]` are leaves. */
  readonly #levels: FileNode[][] = [[]]
  #finished = false

  /** Metadata go to the root. */
  constructor(profile: UnixfsProfile, hasher: Hasher, metadata: UnixfsMetadata = {}) {
    this.#profile = profile
    this.#hasher = hasher
    this.#metadata = metadata
  }

  /**
   * Takes the next leaf; its bytes are not kept. Returns the interior blocks that are complete now,
   * children first.
   *
   * @throws {TypeError} after `finish`
   */
  add({ link, fileBytes, dagBytes }: FileNode): UnixfsBlock[] {
    if (this.#finished) throw new TypeError('"add" expected before finish, got after it')
    const blocks: UnixfsBlock[] = []
    this.#push(0, { link, fileBytes, dagBytes }, blocks)
    return blocks
  }

  /**
   * Ends the file.
   *
   * @throws {TypeError} when called twice, without leaves, or with one leaf and metadata
   */
  finish(): FileEnd {
    if (this.#finished) throw new TypeError('"finish" expected once, got again')
    this.#finished = true
    const blocks: UnixfsBlock[] = []
    let top = 0
    for (; top < this.#levels.length - 1; top++)
      this.#push(top + 1, this.#close(top, blocks), blocks)
    const children = this.#levels[top]!
    if (top === 0 && children.length < 2) return { root: this.#only(children), blocks }
    return { root: this.#close(top, blocks, this.#metadata), blocks }
  }

  #only(leaves: readonly FileNode[]): FileNode {
    const leaf = leaves[0]
    if (leaf === undefined || hasMetadata(this.#metadata))
      throw new TypeError('a file of no leaf, or of one with metadata, expected in smallFile')
    return leaf
  }

  /** A full node waits for the next child to prove that it is not the root. */
  #push(level: number, node: FileNode, blocks: UnixfsBlock[]): void {
    const children = (this.#levels[level] ??= [])
    if (children.length === this.#profile.fileLinksMax)
      this.#push(level + 1, this.#close(level, blocks), blocks)
    this.#levels[level]!.push(node)
  }

  /** Makes the parent of a level's children, adds it to `blocks` and empties the level. */
  #close(level: number, blocks: UnixfsBlock[], metadata: UnixfsMetadata = {}): UnixfsBlock {
    const links: PbLink[] = []
    const sizes: number[] = []
    let fileBytes = 0
    let belowBytes = 0
    for (const child of this.#levels[level]!) {
      links.push({ link: child.link, name: NO_NAME, tsize: child.dagBytes })
      sizes.push(child.fileBytes)
      fileBytes += child.fileBytes
      belowBytes += child.dagBytes
    }
    this.#levels[level] = []
    const bytes = encodePbNode(links, fileTreeData(sizes, metadata))
    const block = interiorBlock(this.#profile, this.#hasher, bytes, fileBytes, belowBytes)
    blocks.push(block)
    return block
  }
}
