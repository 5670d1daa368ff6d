/**
 * Whole small answers, kept by space, path and representation.
 * @module
 */
import type { Content } from './format/content.ts'
import { LRUCache } from 'lru-cache'

/**
 * Keeps small content. It stands behind authorization: its key carries the space, and a request
 * with a token neither fills it nor is answered from it.
 */
export class AnswerCache {
  readonly #kept: LRUCache<string, Content>

  constructor(bytesMax: number) {
    this.#kept = new LRUCache({
      maxSize: Math.max(1, bytesMax),
      sizeCalculation: (content) => (content.sizeBytes ?? 0) + 1024,
    })
  }

  keyOf(space: string, path: string, query: string, format: string | undefined): string {
    return `${space} ${format ?? ''} ${path}${query}`
  }

  get(key: string): Content | undefined {
    return this.#kept.get(key)
  }

  set(key: string, content: Content): void {
    this.#kept.set(key, content)
  }
}
