/**
 * A bar on a terminal: how much of what, rate, time left.
 * @module
 */
import type { Sink } from './output.ts'
import { formatBytes, formatCount, formatSeconds } from './units.ts'

const FRAME_MS = 100
const BAR_COLUMNS = 24
const COLUMNS_DEFAULT = 80
/** Weight of the rate of the last frame in the rate that is shown. */
const RATE_WEIGHT = 0.1
const CLEAR_LINE = '\r\u001B[K'

/** Writes an amount with its unit. */
export type FormatAmount = (amount: number) => string

/** Amounts of things that are counted: `1,234 entries`. */
export function countOf(things: string): FormatAmount {
  return (amount) => `${formatCount(amount)} ${things}`
}

/** One line that is written over and over. Call `end` before anything else is printed. */
export class ProgressBar {
  readonly #sink: Sink
  readonly #total: number | undefined
  readonly #nowMs: () => number
  readonly #format: FormatAmount
  #drawnMs: number
  #drawn = 0
  #perSecond: number | undefined

  /** `total` and amounts are bytes, unless `format` says otherwise. */
  constructor(
    sink: Sink,
    total: number | undefined,
    nowMs: () => number,
    format: FormatAmount = formatBytes,
  ) {
    this.#sink = sink
    this.#total = total
    this.#nowMs = nowMs
    this.#format = format
    this.#drawnMs = nowMs()
  }

  /** Says how far it is; draws at most ten times a second. */
  update(amount: number): void {
    const nowMs = this.#nowMs()
    const elapsedMs = nowMs - this.#drawnMs
    if (elapsedMs < FRAME_MS) return
    const rate = ((amount - this.#drawn) / elapsedMs) * 1000
    const before = this.#perSecond ?? rate
    this.#perSecond = before + (rate - before) * RATE_WEIGHT
    this.#drawnMs = nowMs
    this.#drawn = amount
    const columns = (this.#sink.columns ?? COLUMNS_DEFAULT) - 1
    this.#sink.write(CLEAR_LINE + this.#text(amount, this.#perSecond).slice(0, columns))
  }

  /** Takes the bar away. */
  end(): void {
    this.#sink.write(CLEAR_LINE)
  }

  #text(amount: number, perSecond: number): string {
    const rate = `${this.#format(Math.max(0, Math.round(perSecond)))}/s`
    const total = this.#total
    if (total === undefined || total === 0) return `${this.#format(amount)}  ${rate}`
    const part = Math.min(1, amount / total)
    const full = Math.round(part * BAR_COLUMNS)
    const bar = '█'.repeat(full) + '░'.repeat(BAR_COLUMNS - full)
    const left = perSecond > 0 ? formatSeconds(Math.max(0, total - amount) / perSecond) : '…'
    const done = `${this.#format(amount)} of ${this.#format(total)}`
    return `${bar} ${Math.floor(part * 100)} %  ${done}  ${rate}  ${left} left`
  }
}
