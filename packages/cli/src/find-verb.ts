/**
 * Finds the verb that a command line calls, by one word or, in a group, by two.
 * @module
 */
import { nearest } from '@turnpike/node/config/nearest'
import type { Verb, VerbGroup } from './verb.ts'

/** What a command line begins with. */
export type Asked =
  /** A verb, and the words after its name. */
  | { readonly verb: Verb; readonly words: readonly string[] }
  /** A group without one of its verbs: its help is asked for. */
  | { readonly group: VerbGroup }
  | { readonly refused: Refused }

/** Why it begins with no verb, and what to do. */
export interface Refused {
  readonly message: string
  readonly hint: string
}

/**
 * Finds the verb in `words`, which has at least one.
 *
 * @example
 * findVerb(['name', 'publish', '/ipfs/bafy…'], verbs) // { verb, words: ['/ipfs/bafy…'] }
 */
export function findVerb(words: readonly string[], verbs: readonly (Verb | VerbGroup)[]): Asked {
  const [word = '', second] = words
  const entry = verbs.find(({ name }) => name === word)
  if (entry === undefined) return refuse(word, verbs, 'turnpike help')
  if (!('verbs' in entry)) return { verb: entry, words: words.slice(1) }
  if (second === undefined || isHelp(second)) return { group: entry }
  const name = `${word} ${second}`
  const verb = entry.verbs.find((one) => one.name === name)
  if (verb === undefined) return refuse(name, entry.verbs, `turnpike ${word} --help`)
  return { verb, words: words.slice(2) }
}

function isHelp(word: string): boolean {
  return ['help', '-h', '--help', '--json'].includes(word)
}

function refuse(word: string, verbs: readonly { readonly name: string }[], see: string): Asked {
  const meant = nearest(
    word,
    verbs.map(({ name }) => name),
  )
  const hint = meant === undefined ? `see ${see}` : `did you mean "${meant}"?`
  return { refused: { message: `"${word}" is not a verb`, hint } }
}
