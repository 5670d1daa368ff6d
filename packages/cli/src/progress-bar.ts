/**
 * A bar on a terminal: bytes, rate, time left.
 * @module
 */
import type { Sink } from './output.ts'
import { formatBytes, formatSeconds } from './units.ts'

const FRAME_MS = 100
const BAR_COLUMNS = 24
const COLUMNS_DEFAULT = 80
/** Weight of the rate of the last frame in the rate that is shown. */
const RATE_WEIGHT = 0.1
const CLEAR_LINE = '\r\u001B[K'

/** One line that is written over and over. Call `end` before anything else is printed. */
export class ProgressBar {
  readonly #sink: Sink
  readonly #totalBytes: number | undefined
  readonly #nowMs: () => number
  #drawnMs: number
  #drawnBytes = 0
  #bytesPerSecond: number | undefined

  constructor(sink: Sink, totalBytes: number | undefined, nowMs: () => number) {
    this.#sink = sink
    this.#totalBytes = totalBytes
    this.#nowMs = nowMs
    this.#drawnMs = nowMs()
  }

  /** Says how far it is; draws at most ten times a second. */
  update(bytes: number): void {
    const nowMs = this.#nowMs()
    const elapsedMs = nowMs - this.#drawnMs
    if (elapsedMs < FRAME_MS) return
    const rate = ((bytes - this.#drawnBytes) / elapsedMs) * 1000
    const before = this.#bytesPerSecond ?? rate
    this.#bytesPerSecond = before + (rate - before) * RATE_WEIGHT
    this.#drawnMs = nowMs
    this.#drawnBytes = bytes
    const columns = (this.#sink.columns ?? COLUMNS_DEFAULT) - 1
    this.#sink.write(CLEAR_LINE + this.#text(bytes, this.#bytesPerSecond).slice(0, columns))
  }

  /** Takes the bar away. */
  end(): void {
    this.#sink.write(CLEAR_LINE)
  }

  #text(bytes: number, bytesPerSecond: number): string {
    const rate = `${formatBytes(Math.max(0, Math.round(bytesPerSecond)))}/s`
    const total = this.#totalBytes
    if (total === undefined || total === 0) return `${formatBytes(bytes)}  ${rate}`
    const part = Math.min(1, bytes / total)
    const full = Math.round(part * BAR_COLUMNS)
    const bar = '█'.repeat(full) + '░'.repeat(BAR_COLUMNS - full)
    const left =
      bytesPerSecond > 0 ? formatSeconds(Math.max(0, total - bytes) / bytesPerSecond) : '…'
    const amount = `${formatBytes(bytes)} of ${formatBytes(total)}`
    return `${bar} ${Math.floor(part * 100)} %  ${amount}  ${rate}  ${left} left`
  }
}
