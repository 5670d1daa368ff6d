/**
 * The data of the field's gateway conformance suite, where it lies beside the repository, and what
 * is in it by name.
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CarFrame, decodeCar } from '@turnpike/core/car/decode'
import { decodeDagPb } from '@turnpike/core/dag-pb/decode'
import { DAG_PB, linkToString } from '@turnpike/core/link'

const folder = new URL('../../../../../../shared/fixtures/gateway-conformance/', import.meta.url)

/** Where the data is, if it is there. */
export const dataFolder: string = fileURLToPath(folder)

/** What a test that needs the data passes as `skip`: a reason where it is absent. */
export const absent: string | false = existsSync(folder)
  ? false
  : 'no ../shared/fixtures/gateway-conformance beside the repository'

/** Files of the data with an ending such as `car`, in a stable order. */
export function fixturePaths(ending: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  return names
    .filter((name) => name.endsWith(`.${ending}`))
    .toSorted()
    .map((name) => fileURLToPath(new URL(name, folder)))
}

/** An IPNS record of the data, valid or not. */
export interface FixtureRecord {
  readonly path: string
  /** The name, in one of its text forms. */
  readonly name: string
  readonly bytes: Uint8Array
}

/** All IPNS records. A file is called by its name, or by that, `_` and what is wrong with it. */
export function fixtureRecords(): FixtureRecord[] {
  return fixturePaths('ipns-record').map((path) => {
    const [name = ''] = basename(path, '.ipns-record').split('_')
    return { path, name, bytes: readFileSync(path) }
  })
}

/** DNS names and what they stand for, as the variable `IPFS_NS_MAP` has them. */
export function fixtureNameMap(): string {
  return readFileSync(new URL('dnslinks.IPFS_NS_MAP', folder), 'utf8').trim()
}

/** A link of a node: its name, and the CID that it leads to. */
type NamedCid = readonly [name: string, cid: string]

/** One CAR of the data, its dag-pb nodes decoded. */
export class FixtureCar {
  readonly path: string
  readonly root: string
  readonly #frames = new Map<string, CarFrame>()
  readonly #links = new Map<string, readonly NamedCid[]>()

  constructor(name: string) {
    this.path = fileURLToPath(new URL(name, folder))
    const car = decodeCar(readFileSync(this.path))
    if (car.error) throw car.error
    this.root = linkToString(car.ok.header.roots[0]!)
    for (const frame of car.ok.frames) {
      const cid = linkToString(frame.link)
      this.#frames.set(cid, frame)
      if (frame.link.codec === DAG_PB) this.#links.set(cid, linksOf(frame))
    }
  }

  /** Bytes of a block. */
  bytes(cid: string): Uint8Array {
    return this.#frames.get(cid)!.bytes
  }

  /** CID at the end of folder names below the root. */
  at(...names: readonly string[]): string {
    let cid = this.root
    for (const name of names) cid = this.#links.get(cid)!.find(([known]) => known === name)![1]
    return cid
  }

  /** CIDs that a node links to, in its order. */
  children(cid: string): string[] {
    return (this.#links.get(cid) ?? []).map(([, child]) => child)
  }

  /** Shards from the root of a sharded folder to an entry, and the entry: no hashing, a search. */
  shardsTo(name: string): string[] {
    const search = (cid: string): string[] | undefined => {
      for (const [linkName, child] of this.#links.get(cid) ?? []) {
        if (linkName.slice(2) === name) return [cid, child]
        const below = linkName.length === 2 ? search(child) : undefined
        if (below !== undefined) return [cid, ...below]
      }
      return undefined
    }
    return search(this.root)!
  }

  /** All shards of a sharded folder, depth first. */
  shards(cid: string = this.root): string[] {
    const below = (this.#links.get(cid) ?? []).filter(([name]) => name.length === 2)
    return [cid, ...below.flatMap(([, child]) => this.shards(child))]
  }
}

function linksOf(frame: CarFrame): NamedCid[] {
  const node = decodeDagPb(frame.bytes)
  if (node.error) throw node.error
  return Array.from({ length: node.ok.linkCount }, (_, i) => [
    node.ok.name(i),
    linkToString(node.ok.link(i)),
  ])
}
