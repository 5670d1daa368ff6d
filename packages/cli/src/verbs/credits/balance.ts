/**
 * `turnpike credits balance`: where credits are.
 * @module
 */
import type { CreditBalances } from '@turnpike/node/credits/operations'
import type { ShownHolder } from '@turnpike/node/credits/show'
import { CREDIT_HOLDERS_LISTED_MAX, CREDIT_ROWS_MAX } from '@turnpike/core/limits/credits'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import type { Output } from '../../output.ts'
import { tableLines } from '../../table-lines.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const balance: Verb = {
  name: 'credits balance',
  summary: 'Say what the pool and providers have, or what one provider has.',
  operands: '[PROVIDER]',
  operandsMin: 0,
  operandsMax: 1,
  options: {},
  settings: ['data'],
  examples: [
    ['turnpike credits balance', 'The pool, and what the credits of each provider are worth now.'],
    [
      'turnpike credits balance did:key:z6Mk…',
      'By the hour of the reads, with what expires first.',
    ],
  ],
  async run({ args: [provider], loaded, output, signal }) {
    const shown = await callFolder(loaded, 'creditBalance', { provider }, signal)
    if (provider === undefined) showAll(shown as CreditBalances, output)
    else showOne(shown as ShownHolder, output)
    output.result(shown)
    return EXIT.ok
  },
}

function showAll(shown: CreditBalances, output: Output): void {
  const { seeded, pool, waiting, held, spent, sunk, providers } = shown
  const sums = [
    ['pool', pool, `of it ${waiting} put in since the last issuance`],
    ['held by providers', held, 'as issued, or as last spent from'],
    ['spent', spent, ''],
    ['decayed or expired', sunk, ''],
    ['put into the pool in all', seeded, 'the sum of these'],
  ]
  for (const line of tableLines(sums)) output.line(line)
  for (const line of tableLines(providers.map(({ provider, worth }) => [provider, worth])))
    output.line(`  ${line}`)
  if (providers.length === CREDIT_HOLDERS_LISTED_MAX) output.line('  … and maybe more')
}

function showOne({ provider, worth, lots }: ShownHolder, output: Output): void {
  output.line(`${output.bold(provider)} has ${worth} credits`)
  const rows = lots.map((lot) => [lot.worth, `of ${lot.reads}`, `until ${lot.expires}`])
  for (const line of tableLines(rows)) output.line(`  ${line}`)
  if (lots.length === CREDIT_ROWS_MAX) output.line('  … and maybe more')
}
