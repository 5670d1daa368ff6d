/**
 * `turnpike name publish`: lets a name of our own stand for content.
 * @module
 */
import { linkFromString } from '@turnpike/core/link'
import { NAME_LIFETIME_MS_MAX } from '@turnpike/core/limits/names'
import { milliseconds } from '@turnpike/node/config/kinds'
import { callOrOpen } from '@turnpike/node/control/client'
import type { NamePublished } from '@turnpike/node/names/operations'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import { UsageRefused, type Invocation, type Verb } from '../../verb.ts'

const TIME = milliseconds(0, NAME_LIFETIME_MS_MAX)

/** The verb. */
export const publish: Verb = {
  name: 'name publish',
  summary: 'Let a name of your own stand for content.',
  operands: 'PATH',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    key: { value: 'KEY', doc: 'What the key is called, made on first use. Default: default.' },
    ttl: { value: 'TIME', doc: 'How long others may keep the record. Default: 5m.' },
    lifetime: {
      value: 'TIME',
      doc: 'How long the record holds. A running server signs it anew in time. Default: 48h.',
    },
    sequence: { value: 'NUMBER', doc: 'Number of the record. Default: one more than the last.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike name publish /ipfs/bafybei…', 'Prints the name: /ipns/k51… is served at once.'],
    ['turnpike name publish bafybei… --key blog --ttl 1m', 'Another name, by a key of its own.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { data } = loaded.settings
    const params = {
      path: pathOf(args[0]!),
      key: options.key ?? 'default',
      ttlMs: timeOf(options, 'ttl'),
      lifetimeMs: timeOf(options, 'lifetime'),
      sequence: options.sequence,
    }
    needFolder(data)
    const called = await callOrOpen(data, () => openHere(data), 'namePublish', params, { signal })
    if (called.error) throw called.error
    const published = called.ok as NamePublished
    const { name, path, sequence, validUntil } = published
    output.line(output.bold(`/ipns/${name}`))
    output.line(`  stands for ${path} until ${validUntil}, sequence ${sequence}`)
    output.result(published)
    return EXIT.ok
  },
}

/** A CID alone means its content. */
function pathOf(text: string): string {
  return linkFromString(text) === undefined ? text : `/ipfs/${text}`
}

function timeOf(options: Invocation['options'], name: string): number | undefined {
  const text = options[name]
  if (text === undefined) return undefined
  const timeMs = TIME.fromText(String(text))
  if (timeMs !== undefined) return timeMs
  throw new UsageRefused(`--${name} expected ${TIME.expected}, got "${text}"`)
}
