/**
 * Output: results on stdout, everything else on stderr.
 * @module
 */
import { type FormatAmount, ProgressBar } from './progress-bar.ts'

/** What output needs of a stream. */
export interface Sink {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** Where output goes, and how it looks. */
export interface OutputOptions {
  readonly stdout: Sink
  readonly stderr: Sink
  readonly env: Readonly<Record<string, string | undefined>>
  /** Results as one JSON object each, for scripts. */
  readonly json: boolean
}

/** Prints. Control characters in what it is given are made visible: no file's name can act. */
export class Output {
  readonly json: boolean
  readonly #options: OutputOptions

  constructor(options: OutputOptions) {
    this.json = options.json
    this.#options = options
  }

  /** A line for people on stdout; nothing when results are JSON. */
  line(text: string): void {
    if (!this.json) this.#options.stdout.write(`${visible(text)}\n`)
  }

  /** A document of our own making, as it is; nothing when results are JSON. */
  text(text: string): void {
    if (!this.json) this.#options.stdout.write(text)
  }

  /** The result: with `--json` one object on one line, the last on stdout. */
  result(value: object): void {
    if (this.json) this.#options.stdout.write(`${JSON.stringify(value)}\n`)
  }

  /** A note on stderr: what goes wrong, or on. */
  note(text: string): void {
    this.#options.stderr.write(`${visible(text)}\n`)
  }

  /** Text in bold, where that can be seen. */
  bold(text: string): string {
    const { stdout, env } = this.#options
    const plain = stdout.isTTY !== true || env.NO_COLOR || env.TERM === 'dumb'
    return plain ? text : `\u001B[1m${text}\u001B[22m`
  }

  /** A bar on stderr, of bytes unless told, when that is a terminal; else undefined. */
  progressBar(total: number | undefined, format?: FormatAmount): ProgressBar | undefined {
    const { stderr, env } = this.#options
    if (stderr.isTTY !== true || env.TERM === 'dumb' || env.NO_COLOR) return undefined
    return new ProgressBar(stderr, total, () => performance.now(), format)
  }

  /** Whether {@link progressBar} would show. */
  get showsProgress(): boolean {
    return this.progressBar(undefined) !== undefined
  }
}

/**
 * Text that somebody else made, for a line of its own: what it says can't look like another line.
 *
 * @example
 * output.line(`  ${oneLine(finding.where)}`)
 */
export function oneLine(text: string): string {
  return text.replaceAll('\n', String.raw`\x0a`)
}

/** Control characters but line ends; and what turns text around, or ends lines, in a terminal. */
const CONTROLS = String.raw`\u0000-\u0009\u000B-\u001F\u007F-\u009F`
const TURNS = String.raw`\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069`
const SPECIAL = new RegExp(String.raw`\u001B\[(?:1|22)m|[${CONTROLS}${TURNS}]`, 'g')

/** Text with these written as escapes, but for our own bold: harmless wherever it comes from. */
function visible(text: string): string {
  return text.replaceAll(SPECIAL, (found) => {
    if (found.length > 1) return found
    const code = found.charCodeAt(0).toString(16)
    return found < '\u0100' ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`
  })
}
