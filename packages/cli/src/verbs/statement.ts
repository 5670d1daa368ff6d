/**
 * `turnpike statement`: what was used in a month, and what it costs.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { takeText } from '@turnpike/node/statements/files'
import { STATEMENT_FORMATS } from '@turnpike/node/statements/make'
import type { StatementAnswer } from '@turnpike/node/statements/operation'
import { needAccount } from '../customer-did.ts'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import { statementLines, type StatementJson } from '../statement-lines.ts'
import { UsageRefused, type Verb } from '../verb.ts'

/** The verb. */
export const statement: Verb = {
  name: 'statement',
  summary: 'Say what was used in a month, and what it costs.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    period: { value: 'MONTH', doc: 'Such as 2026-11, in UTC. One that goes on gives a draft.' },
    customer: {
      value: 'CUSTOMER',
      doc: 'Of one account: a customer by DID or email address, "suspense" or "operator".',
    },
    format: {
      value: STATEMENT_FORMATS.join('|'),
      doc: 'The document itself. By default its figures are printed, and json goes to --out.',
    },
    out: { value: 'FILE', doc: 'Where to write it; by default it is printed.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike statement --period 2026-11', 'What all accounts come to.'],
    ['turnpike statement --period 2026-11 --json', 'All accounts, for a script.'],
    [
      'turnpike statement --period 2026-11 --customer alice@example.com --format html ' +
        '--out alice.html',
      'One customer’s, as a page to print.',
    ],
  ],
  async run({ options, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    const { period, customer, out } = options
    const account = customer === undefined ? undefined : needAccount(String(customer))
    const format = STATEMENT_FORMATS.find((name) => name === (options['format'] ?? 'json'))
    if (typeof period !== 'string') throw new UsageRefused('--period expected a month: 2026-11')
    if (format === undefined)
      throw new UsageRefused(`--format expected one of ${STATEMENT_FORMATS.join(', ')}`)
    needFolder(data)
    const params = { period, account, format }
    const open = () => openHere(data, settings)
    const called = await callOrOpen(data, open, 'statement', params, { signal })
    if (called.error) throw called.error
    const { path, digest, status } = called.ok as StatementAnswer
    const text = await takeText(path)
    if (typeof out === 'string') {
      await writeFile(out, text)
      output.line(`Wrote ${out} (${status}), SHA-256 of its JSON ${digest}`)
    } else if (options['format'] === undefined) {
      for (const line of statementLines(JSON.parse(text) as StatementJson)) output.line(line)
      output.line(`SHA-256 of its JSON ${digest}`)
    } else output.text(text)
    output.result(resultOf(format, text, { digest, status, ...(out !== undefined && { out }) }))
    return EXIT.ok
  },
}

/** For scripts: the statement itself where it is JSON, with its digest. */
function resultOf(format: string, text: string, about: object): object {
  return format === 'json' ? { ...(JSON.parse(text) as object), ...about } : { ...about, text }
}
