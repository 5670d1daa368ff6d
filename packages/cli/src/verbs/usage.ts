/**
 * `turnpike usage`: what was delivered, and what was stored.
 * @module
 */
import { reportCsv, type ReportJson, type SumsJson } from '@turnpike/core/billing/usage-json'
import { parseUsageQuery } from '@turnpike/node/admin/usage-query'
import { findSpace } from '@turnpike/node/authorize/space-keys'
import { callOrOpen } from '@turnpike/node/control/client'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import type { Output } from '../output.ts'
import { readCatalog } from '../read-catalog.ts'
import { tableLines } from '../table-lines.ts'
import { formatByteHours, formatBytes, formatCount } from '../units.ts'
import { UsageRefused, type Verb } from '../verb.ts'

/** The verb. */
export const usage: Verb = {
  name: 'usage',
  summary: 'Say what was delivered, to the byte, and what was stored.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    since: { value: 'WHEN', doc: 'A date, a time, or how long ago: 90m, 24h, 7d. By whole hours.' },
    until: { value: 'WHEN', doc: 'Likewise; the hour that it lies in is the last.' },
    period: { value: 'MONTH', doc: 'A month of UTC, such as 2026-11, instead of both.' },
    customer: { value: 'CUSTOMER', doc: 'What is billed to one, by DID or email address.' },
    space: { value: 'SPACE', doc: 'One space, by name or DID.' },
    by: { value: 'space|customer|hour|day|month|cid', doc: 'Split into rows.' },
    csv: { doc: 'Print rows as CSV, for spreadsheets.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike usage --by cid', 'What was read most, first.'],
    ['turnpike usage --period 2026-11 --by customer', 'What each customer’s statement says.'],
    ['turnpike usage --customer alice@example.com --by day --csv', 'For a spreadsheet.'],
    ['turnpike usage --since 7d --by day --json', 'The last week, for a script.'],
  ],
  async run({ options, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    if (options.csv === true && output.json)
      throw new UsageRefused('--csv and --json are two formats: choose one')
    const { space } = options
    // A name has to be looked up, but first the words have to make sense.
    const isNamed = typeof space === 'string' && !space.startsWith('did:')
    const words = { ...options, space: isNamed ? undefined : space }
    const query = parseUsageQuery(words, Date.now())
    if (query.error) throw query.error
    needFolder(data)
    const named = isNamed ? { space: await didOf(data, space) } : {}
    const open = () => openHere(data, settings)
    const asked = { ...query.ok, ...named }
    const called = await callOrOpen(data, open, 'usage', asked, { signal })
    if (called.error) throw called.error
    const report = called.ok as ReportJson
    if (options.csv === true) output.text(reportCsv(report))
    else print(report, output)
    output.result(report)
    return EXIT.ok
  },
}

async function didOf(data: string, name: string): Promise<string> {
  return readCatalog(data, (catalog) => {
    const found = findSpace(catalog, name)
    if (found.error) throw found.error
    return found.ok.did
  })
}

function print(report: ReportJson, output: Output): void {
  const { period, by, customer, space, rows = [], rowsLeftOff = 0, rowsFrom } = report
  if (period !== null) output.line(`From ${hour(period.from)} to ${hour(period.to)}, whole hours`)
  if (customer !== undefined) output.line(`Customer ${customer}`)
  if (space !== undefined) output.line(`Space ${space}`)
  for (const line of tableLines(rows.map((row) => [nameOf(row.key, by)].concat(cells(row)))))
    output.line(`  ${line}`)
  if (rowsLeftOff > 0) output.line(`  … and ${formatCount(rowsLeftOff)} rows more`)
  if (rowsFrom !== undefined) output.line(`  CIDs are known from ${hour(rowsFrom)} on`)
  const [reads, bytes, ...more] = cells({ ...report, storageByteMs: 0 })
  output.line(
    `${output.bold('Total')}  ${[`${reads}, ${bytes}`, ...more.filter(Boolean)].join(', ')}`,
  )
  if (report.storedBytes !== 0) output.line(`Stored  ${storedText(report)}`)
}

/** What is stored as the period ends, and what it was all through. */
function storedText({ storedBytes, storageByteMs, storedUntil }: ReportJson): string {
  const size = `${BigInt(storedBytes).toLocaleString('en-US')} bytes`
  if (storageByteMs === 0) return size
  return `${size}, ${formatByteHours(BigInt(storageByteMs))} until ${hour(storedUntil)}`
}

/** `2026-11-21T07:00:00.000Z` without what is always the same. */
function hour(iso: string): string {
  return `${iso.slice(0, '2026-11-21T07:00'.length)}Z`
}

function nameOf(key: string, by: ReportJson['by']): string {
  if (key !== '') return key
  return by === 'cid' ? '(no content)' : '(no space)'
}

/** Reads, bytes, and what else there is. */
function cells(sums: SumsJson): string[] {
  const exact = `${BigInt(sums.bytes).toLocaleString('en-US')} bytes`
  const size = Number(sums.bytes) < 1024 ? '' : ` (${formatBytes(Number(sums.bytes))})`
  const voided = BigInt(sums.bytesVoided)
  return [
    `${formatCount(sums.reads)} reads`,
    `${exact}${size}`,
    voided === 0n ? '' : `${voided.toLocaleString('en-US')} voided`,
    sums.denied === 0 ? '' : `${formatCount(sums.denied)} refused`,
    BigInt(sums.storageByteMs) === 0n
      ? ''
      : `${formatByteHours(BigInt(sums.storageByteMs))} stored`,
  ]
}
