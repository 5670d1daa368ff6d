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
 * Text whose control characters are written as escapes, but for line ends and our own bold, which
 * is harmless wherever it comes from.
 */
function visible(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const special = /\u001B\[(?:1|22)m|[\u0000-\u0009\u000B-\u001F\u007F-\u009F]/g
  return text.replaceAll(special, (found) =>
    found.length > 1 ? found : `\\x${found.charCodeAt(0).toString(16).padStart(2, '0')}`,
  )
}
