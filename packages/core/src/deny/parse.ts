/**
 * A denylist's text as it comes, piece by piece, into a table.
 * Source: Compact Denylist Format (IPIP-383); badbits' first form, a JSON array of anchors.
 * @module
 */
import { DENY_HEADER_CHARS_MAX, DENY_JSON_CHARS_MAX, DENY_LINE_CHARS_MAX } from '../limits/deny.ts'
import { DenylistMalformed, type DenyHeader, NO_HEADER, parseDenyHeader } from './header.ts'
import { DenylistTooLarge, DenyTableBuilder } from './table-builder.ts'
import { fail, ok, type Result, type Unit } from '../result.ts'
import type { DenyTable } from './table.ts'
import type { Hasher } from '../ports/runtime.ts'
import { parseDenyRule } from './rule.ts'

/** Why a list is refused whole. */
export type DenylistRefused = DenylistMalformed | DenylistTooLarge

/** A denylist that was read to its end. */
export interface ParsedDenylist {
  readonly header: DenyHeader
  readonly table: DenyTable
  /** Lines that say nothing that is understood: they deny nothing. */
  readonly refusedLines: number
  /** What was wrong with the first of them. */
  readonly firstRefusal: string | undefined
}

/**
 * Reads a denylist of any size, with memory for its table only. Lines that are not understood are
 * counted and passed over; what makes the whole list doubtful refuses all of it.
 *
 * @example
 * const parser = new DenylistParser(hasher)
 * for await (const text of texts) if (parser.push(text).error) break
 * const list = parser.end()
 */
export class DenylistParser {
  readonly #builder: DenyTableBuilder
  /** What the list begins with, until it is known whether that is a header. */
  #head: string[] | undefined = []
  #headChars = 0
  #header: DenyHeader = NO_HEADER
  /** A line whose end has not come. */
  #partial = ''
  #json: string[] | undefined
  #jsonChars = 0
  #line = 0
  #refusedLines = 0
  #firstRefusal: string | undefined
  #refused: DenylistRefused | undefined

  constructor(hasher: Hasher) {
    this.#builder = new DenyTableBuilder(hasher)
  }

  /** Takes the next piece of text, cut anywhere. After an error nothing more is taken. */
  push(text: string): Result<Unit, DenylistRefused> {
    if (this.#refused === undefined) this.#refused = this.#take(text)
    return this.#refused === undefined ? ok({}) : fail(this.#refused)
  }

  end(): Result<ParsedDenylist, DenylistRefused> {
    this.#refused ??= this.#json === undefined ? this.#finish() : this.#anchors(this.#json.join(''))
    if (this.#refused !== undefined) return fail(this.#refused)
    const built = this.#builder.build()
    if (built.error) return built
    return ok({
      header: this.#header,
      table: built.ok,
      refusedLines: this.#refusedLines,
      firstRefusal: this.#firstRefusal,
    })
  }

  #take(text: string): DenylistRefused | undefined {
    const isFirst = this.#line === 0 && this.#partial === '' && this.#json === undefined
    if (isFirst && /^\uFEFF?\s*\[/.test(text)) this.#json = []
    if (this.#json !== undefined) {
      this.#json.push(text)
      this.#jsonChars += text.length
      return this.#jsonChars > DENY_JSON_CHARS_MAX
        ? new DenylistTooLarge(`denylist in JSON expected <= ${DENY_JSON_CHARS_MAX} characters`)
        : undefined
    }
    const lines = (this.#partial + text).split('\n')
    this.#partial = lines.pop()!
    for (const line of lines) {
      const refused = this.#takeLine(line)
      if (refused !== undefined) return refused
    }
    return this.#partial.length > DENY_LINE_CHARS_MAX ? this.#lineTooLong() : undefined
  }

  #finish(): DenylistRefused | undefined {
    return this.#takeLine(this.#partial) ?? this.#closeHead()
  }

  #takeLine(line: string): DenylistRefused | undefined {
    this.#line++
    if (line.length > DENY_LINE_CHARS_MAX) return this.#lineTooLong()
    if (this.#head === undefined) return this.#takeRule(line)
    if (line.trimEnd() === '---') return this.#takeHeader(this.#head)
    this.#head.push(line)
    this.#headChars += line.length + 1
    return this.#headChars > DENY_HEADER_CHARS_MAX ? this.#closeHead() : undefined
  }

  #takeHeader(lines: readonly string[]): DenylistRefused | undefined {
    this.#head = undefined
    const header = parseDenyHeader(lines.join('\n').replace(/^\uFEFF/, ''))
    if (header.error) return header.error
    this.#header = header.ok
    return undefined
  }

  /** There was no header: what was taken for one is rules. */
  #closeHead(): DenylistRefused | undefined {
    const lines = this.#head ?? []
    this.#head = undefined
    this.#line -= lines.length
    for (const line of lines) {
      this.#line++
      const refused = this.#takeRule(line)
      if (refused !== undefined) return refused
    }
    return undefined
  }

  #takeRule(line: string): DenylistRefused | undefined {
    const text = line.trim()
    if (text === '' || text.startsWith('#')) return undefined
    const rule = parseDenyRule(text, this.#header.effect)
    const added = rule.error ? rule : this.#builder.add(rule.ok)
    if (added.error instanceof DenylistTooLarge) return added.error
    if (added.error) this.#passOver(added.error)
    return undefined
  }

  #passOver(error: Error): void {
    this.#refusedLines++
    this.#firstRefusal ??= `line ${this.#line}: ${error.message}`
  }

  #anchors(text: string): DenylistRefused | undefined {
    const anchors = arrayOf(text.replace(/^\uFEFF/, ''))
    if (anchors === undefined)
      return new DenylistMalformed('denylist expected a JSON array of anchors, got something else')
    for (const one of anchors) {
      this.#line++
      const { anchor } = (one ?? {}) as { readonly anchor?: unknown }
      const refused = this.#takeRule(`//${typeof anchor === 'string' ? anchor : ''}`)
      if (refused !== undefined) return refused
    }
    return undefined
  }

  #lineTooLong(): DenylistTooLarge {
    return new DenylistTooLarge(
      `line of a denylist expected <= ${DENY_LINE_CHARS_MAX} characters, ` +
        `got more after line ${this.#line}`,
    )
  }
}

function arrayOf(text: string): readonly unknown[] | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}
