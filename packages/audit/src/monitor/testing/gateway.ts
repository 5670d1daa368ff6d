/**
 * A gateway for tests that publishes a log over HTTP, and lies where it is told to.
 * @module
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeBase64 } from '../../base64.ts'
import { formatNote } from '../../note.ts'
import { rootOf } from '../../testing/tree.ts'
import type { TestLog } from '../../witness/testing/log.ts'

const TILE = /^tile\/(\d)\/((?:x\d{3}\/)*\d{3})(?:\.p\/(\d+))?$/

/** An epoch of a log, by its entries. */
export interface TestEpoch {
  readonly epoch: number
  readonly previousEpoch: number | null
  readonly first: number
  readonly end: number
}

/** Publishes what `log` holds up to `size`. */
export class TestGateway {
  log: TestLog
  size: number
  /** What is answered instead; undefined: nothing is there. */
  readonly instead: Map<string, string | Uint8Array | undefined> = new Map()
  readonly asked: string[] = []
  readonly #server: Server

  private constructor(log: TestLog) {
    this.log = log
    this.size = log.leaves.length
    this.#server = createServer((request, response) => {
      const asked = request.url!.slice('/receipts/'.length)
      const path = asked === 'epochs/newest.root' ? this.#newest() : asked
      this.asked.push(asked)
      const body = this.instead.has(path) ? this.instead.get(path) : this.#file(path)
      response.writeHead(body === undefined ? 404 : 200).end(body)
    })
  }

  static async start(log: TestLog): Promise<TestGateway> {
    const gateway = new TestGateway(log)
    await new Promise<void>((resolve) => gateway.#server.listen(0, '127.0.0.1', resolve))
    return gateway
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Publishes an epoch's `.root`. */
  root(epoch: TestEpoch, more: object = {}): void {
    this.instead.set(`epochs/${epoch.epoch}.root`, rootFile(this.log, epoch, more))
  }

  /** Publishes an epoch's `.anchor` or `.final`. */
  anchors(kind: 'anchor' | 'final', { epoch, end }: TestEpoch, anchors: readonly object[]): void {
    const root = rootAt(this.log, end)
    const fields = { origin: this.log.key.name, epoch, end, root, anchors }
    const more = kind === 'final' ? { issuance: {} } : {}
    const text = line(this.log, `turnpike-epoch-${kind}/v1`, { ...fields, ...more })
    this.instead.set(`epochs/${epoch}.${kind}`, text)
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  #newest(): string {
    const roots = [...this.instead.keys()].filter((path) => path.endsWith('.root'))
    return roots.findLast((path) => this.instead.get(path) !== undefined) ?? 'epochs/newest.root'
  }

  #file(path: string): string | Uint8Array | undefined {
    if (path === 'checkpoint') return formatNote(this.log.checkpoint(this.size))
    if (path === 'vkey') return `${this.log.vkey}\n`
    const [, level, index, partial] = TILE.exec(path) ?? []
    if (level === undefined || index === undefined) return undefined
    return this.#tile(Number(level), Number(index.replaceAll(/[x/]/g, '')), Number(partial ?? 256))
  }

  #tile(level: number, index: number, width: number): Uint8Array | undefined {
    const leaves = this.log.leaves.slice(0, this.size)
    const span = 256 ** level
    if ((index * 256 + width) * span > leaves.length) return undefined
    const hashes = Array.from({ length: width }, (_, i) => {
      const start = (index * 256 + i) * span
      return rootOf(leaves.slice(start, start + span))
    })
    return Buffer.concat(hashes)
  }
}

/** An epoch's `.root`, signed. */
export function rootFile(log: TestLog, epoch: TestEpoch, more: object = {}): string {
  const { first, end } = epoch
  return line(log, 'turnpike-epoch-root/v1', {
    origin: log.key.name,
    ...epoch,
    root: rootAt(log, end),
    sealLeaf: encodeBase64(log.leaves[end - 1]!),
    summaryRoot: rootAt(log, 0),
    previousRoot: rootAt(log, first),
    checkpoint: formatNote(log.checkpoint(end)),
    ...more,
  })
}

function rootAt(log: TestLog, size: number): string {
  return encodeBase64(rootOf(log.leaves.slice(0, size)))
}

function line(log: TestLog, type: string, fields: object): string {
  return formatNote(log.sign(`${JSON.stringify({ type, ...fields })}\n`))
}
