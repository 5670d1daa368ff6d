/**
 * An index of domains that does not stay damaged: it can be made again from the log.
 * @module
 */
import { rmSync } from 'node:fs'
import type {
  DomainBatch,
  DomainCounts,
  DomainIndex,
  DomainStanding,
  EpochCounts,
} from '@turnpike/core/ports/domain-index'
import { isDamaged } from '../catalog/damaged.ts'
import { SqliteDomainIndex } from './domain-index.ts'

/**
 * An index in a file. One that is no database, or a damaged one, is removed, and begins anew with
 * nothing in it: what found that fails, and what comes next counts the log again.
 *
 * @example
 * const domains = new RemadeDomainIndex('/data/domains.sqlite')
 */
export class RemadeDomainIndex implements DomainIndex {
  readonly #path: string
  #index: SqliteDomainIndex

  /** @throws {StoreTooNew} when a newer program wrote the file */
  constructor(path: string) {
    this.#path = path
    try {
      this.#index = new SqliteDomainIndex(path)
    } catch (error) {
      if (!isDamaged(error)) throw error
      this.#index = this.#anew()
    }
  }

  standing(): DomainStanding {
    return this.#of((index) => index.standing())
  }

  sum(domain: string, first: number, last: number): DomainCounts {
    return this.#of((index) => index.sum(domain, first, last))
  }

  epochs(domain: string, first: number, last: number, countMax: number): EpochCounts[] {
    return this.#of((index) => index.epochs(domain, first, last, countMax))
  }

  all(epoch: number): DomainCounts {
    return this.#of((index) => index.all(epoch))
  }

  add(batch: DomainBatch): void {
    this.#of((index) => index.add(batch))
  }

  clear(): void {
    this.#of((index) => index.clear())
  }

  close(): void {
    this.#index.close()
  }

  #of<T>(use: (index: SqliteDomainIndex) => T): T {
    try {
      return use(this.#index)
    } catch (error) {
      if (isDamaged(error)) {
        this.#index.close()
        this.#index = this.#anew()
      }
      throw error
    }
  }

  #anew(): SqliteDomainIndex {
    for (const end of ['', '-wal', '-shm']) rmSync(`${this.#path}${end}`, { force: true })
    return new SqliteDomainIndex(this.#path)
  }
}
