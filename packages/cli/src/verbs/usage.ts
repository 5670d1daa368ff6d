/**
 * `turnpike usage`: what was delivered.
 * @module
 */
import { parseUsageQuery } from '@turnpike/node/admin/usage-query'
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import type { Output } from '../output.ts'
import { formatBytes, formatCount } from '../units.ts'
import type { Verb } from '../verb.ts'

/** What is printed of an answer; see `usageJson` of accounting for all of it. */
interface Counts {
  readonly reads: number
  /** A decimal string beyond 2^53 - 1. */
  readonly bytes: number | string
  readonly denied: number
}

interface Answer extends Counts {
  readonly period: { readonly from: string; readonly to: string } | null
  readonly rows?: readonly (Counts & { readonly key: string })[]
  readonly rowsLeftOff?: number
}

/** The verb. */
export const usage: Verb = {
  name: 'usage',
  summary: 'Say what was delivered, to the byte.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    since: { value: 'WHEN', doc: 'A date, a time, or how long ago: 90m, 24h, 7d. By whole hours.' },
    by: { value: 'space|day|cid', doc: 'Split into rows.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike usage --by cid', 'What was read most, first.'],
    ['turnpike usage --since 7d --by day --json', 'The last week, for a script.'],
  ],
  async run({ options, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    const query = parseUsageQuery(options, Date.now())
    if (query.error) throw query.error
    needFolder(data)
    const called = await callOrOpen(data, () => openHere(data, settings), 'usage', query.ok, {
      signal,
    })
    if (called.error) throw called.error
    print(called.ok as Answer, output)
    output.result(called.ok)
    return EXIT.ok
  },
}

function print(answer: Answer, output: Output): void {
  const { period, rows = [], rowsLeftOff = 0 } = answer
  if (period !== null) output.line(`From ${period.from} to ${period.to}`)
  for (const row of rows)
    output.line(`  ${row.key === '' ? '(no content)' : row.key}  ${text(row)}`)
  if (rowsLeftOff > 0) output.line(`  … and ${formatCount(rowsLeftOff)} rows more`)
  output.line(`${output.bold('Total')}  ${text(answer)}`)
}

function text({ reads, bytes, denied }: Counts): string {
  const refused = denied === 0 ? '' : `, ${formatCount(denied)} refused`
  const exact = `${BigInt(bytes).toLocaleString('en-US')} bytes`
  const size = Number(bytes) < 1024 ? '' : ` (${formatBytes(Number(bytes))})`
  return `${formatCount(reads)} reads, ${exact}${size}${refused}`
}
