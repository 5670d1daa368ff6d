/**
 * Kinds of settings: how a value is read from text or JSON, bounded, and shown.
 * @module
 */

/** A kind of value. Reading gives undefined for what does not fit `expected`. */
export interface Kind<T> {
  /** What a good value looks like, to end the sentence "expected …". */
  readonly expected: string
  /** Whether a flag of this kind stands alone. */
  readonly isFlag: boolean
  /** Whether a flag of this kind may be given several times, each with some of the values. */
  readonly isList?: boolean
  fromText(text: string): T | undefined
  fromJson(value: unknown): T | undefined
  /** The value as text that `fromText` would read. */
  show(value: T): string
}

/** A value that is written as text in every place. */
export function kindOfText<T>(
  expected: string,
  fromText: (text: string) => T | undefined,
  show: (value: T) => string = String,
): Kind<T> {
  const fromJson = (value: unknown): T | undefined =>
    typeof value === 'string' ? fromText(value) : undefined
  return { expected, isFlag: false, fromText, fromJson, show }
}

/** Text that matches a pattern. */
export function text(expected: string, pattern: RegExp): Kind<string> {
  return textThat(expected, (value) => pattern.test(value))
}

/** Text that fits. */
export function textThat(expected: string, fits: (value: string) => boolean): Kind<string> {
  return kindOfText(expected, (value) => (fits(value) ? value : undefined))
}

/** A path; relative ones are taken from the working directory. */
export const path: Kind<string> = text('a path', /^[^\0]+$/)

/** One of a few words. */
export function oneOf<const T extends string>(...words: readonly T[]): Kind<T> {
  const list = words.map((word) => `"${word}"`).join(', ')
  return kindOfText(`one of ${list}`, (value) => words.find((word) => word === value))
}

/** On or off. */
export const flag: Kind<boolean> = {
  expected: '"true" or "false"',
  isFlag: true,
  fromText: (value) => (value === 'true' ? true : value === 'false' ? false : undefined),
  fromJson: (value) => (typeof value === 'boolean' ? value : undefined),
  show: String,
}

/** A whole number from `min` to `max`, with a suffix from `units` when there are some. */
function wholeNumber(
  min: number,
  max: number,
  what: string,
  units: Readonly<Record<string, number>>,
): Kind<number> {
  const bounded = (value: number): number | undefined =>
    Number.isSafeInteger(value) && value >= min && value <= max ? value : undefined
  return {
    expected: `${what} from ${min} to ${max}`,
    isFlag: false,
    fromText: (value) => {
      const match = /^(\d{1,15})([a-zA-Z]*)$/.exec(value)
      const scale = match === null ? undefined : units[match[2]!]
      return scale === undefined ? undefined : bounded(Number(match![1]) * scale)
    },
    fromJson: (value) => (typeof value === 'number' ? bounded(value) : undefined),
    show: String,
  }
}

/** A whole number. */
export function integer(min: number, max: number): Kind<number> {
  return wholeNumber(min, max, 'a whole number', { '': 1 })
}

/** A number of bytes: `1048576`, `1024KiB`, `1MiB`. */
export function bytes(min: number, max: number): Kind<number> {
  const units = { '': 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }
  return wholeNumber(min, max, 'bytes (a whole number, or with KiB, MiB, GiB)', units)
}

/** A number of milliseconds: `1500`, `1500ms`, `30s`, `5m`, `1h`. */
export function milliseconds(min: number, max: number): Kind<number> {
  const units = { '': 1, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  return wholeNumber(min, max, 'milliseconds (a whole number, or with s, m, h)', units)
}

/** An http or https URL without credentials, query or fragment. */
export const httpUrl: Kind<string> = kindOfText('a URL such as "https://example.com"', (value) => {
  const url = URL.parse(value)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  return url.username || url.password || url.search || url.hash ? undefined : value
})

/** Values of one kind: a JSON list, or text with commas. */
export function listOf<T>(kind: Kind<T>, countMax: number): Kind<readonly T[]> {
  const every = (values: readonly (T | undefined)[]): readonly T[] | undefined =>
    values.length <= countMax && values.every((value) => value !== undefined) ? values : undefined
  return {
    expected: `at most ${countMax}, separated by commas, each ${kind.expected}`,
    isFlag: false,
    isList: true,
    fromText: (value) =>
      value === '' ? [] : every(value.split(',').map((part) => kind.fromText(part.trim()))),
    fromJson: (value) =>
      Array.isArray(value) ? every(value.map((part) => kind.fromJson(part))) : undefined,
    show: (values) => values.map(kind.show).join(','),
  }
}

/** A value of a JSON shape of its own; as text it is written in JSON. */
export function json<T>(
  expected: string,
  fromJson: (value: unknown) => T | undefined,
  shown: (value: T) => unknown,
): Kind<T> {
  return {
    expected,
    isFlag: false,
    fromText: (value) => {
      try {
        return fromJson(JSON.parse(value))
      } catch {
        return undefined
      }
    },
    fromJson,
    show: (value) => JSON.stringify(shown(value)),
  }
}
