/**
 * Random changes of text: what is nearly right finds more than what is quite wrong.
 * @module
 */
import type { Random } from '../rig/random.ts'

/** Longest piece that is repeated, and how often at most. */
const PIECE_CHARS_MAX = 16
const REPEATS_MAX = 400
/** Characters that have a meaning to one parser or another. */
const SIGNS = [...'/?#%&=+:;,."\'*-_~ <>{}[]()|\\^`@!$\t', 'é', '0', '9', 'a', 'Z', '\u0080', 'ÿ']

type Change = (random: Random, text: string, tokens: readonly string[]) => string

function cut(random: Random, text: string): [start: number, end: number] {
  const start = random.below(text.length + 1)
  return [start, Math.min(text.length, start + random.below(PIECE_CHARS_MAX))]
}

function put(text: string, at: number, more: string): string {
  return text.slice(0, at) + more + text.slice(at)
}

const CHANGES: readonly Change[] = [
  (random, text) => {
    const [start, end] = cut(random, text)
    return text.slice(0, start) + text.slice(end)
  },
  (random, text) => {
    const [start, end] = cut(random, text)
    return put(text, random.below(text.length + 1), text.slice(start, end))
  },
  (random, text) => put(text, random.below(text.length + 1), random.pick(SIGNS)),
  (random, text, tokens) => put(text, random.below(text.length + 1), random.pick(tokens)),
  (random, text) => {
    const at = random.below(text.length + 1)
    return text.slice(0, at) + random.pick(SIGNS) + text.slice(at + 1)
  },
  (random, text) => text.slice(0, random.below(text.length + 1)),
  (random, text) => {
    const [start, end] = cut(random, text)
    // Few of them: most inputs have to be short for there to be many.
    const times = random.below(64) === 0 ? random.below(REPEATS_MAX) : random.below(4)
    return put(text, end, text.slice(start, end).repeat(times))
  },
  (random, text) => {
    const [start, end] = cut(random, text)
    const piece = text.slice(start, end)
    const other = random.below(2) === 0 ? piece.toUpperCase() : piece.toLowerCase()
    return text.slice(0, start) + other + text.slice(end)
  },
]

/**
 * Text with some changes, or none. `tokens` are words of the language that it is in.
 *
 * @example
 * mutate(random, 'bytes=0-9', ['bytes=', ',']) // 'bytes=0-,9'
 */
export function mutate(random: Random, text: string, tokens: readonly string[]): string {
  let changed = text
  for (let left = random.below(5); left > 0; left--)
    changed = random.pick(CHANGES)(random, changed, tokens)
  return changed
}
