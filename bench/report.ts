/**
 * Reports for people.
 * @module
 */
import { type BenchCase, type CaseReport, median } from './measure.ts'

/** What a case found, as a table. */
export function describe({ name, about }: BenchCase, { figures, checks }: CaseReport): string {
  const contenders = Object.keys(figures)
  const names = [...new Set(contenders.flatMap((one) => Object.keys(figures[one]!)))]
  const rows = names.map((figure) =>
    [figure].concat(contenders.map((one) => format(median(figures[one]![figure])))),
  )
  const lines = [`${name}: ${about}`, ...table([['', ...contenders], ...rows])]
  for (const { target, limit, bound, measured, met } of checks) {
    const verdict = Number.isNaN(measured) ? 'not measured' : met ? 'met' : 'MISSED'
    lines.push(`  ${verdict}: ${target} ${format(measured)}, ${bound} ${format(limit)}`)
  }
  return `${lines.join('\n')}\n`
}

function format(value: number): string {
  if (Number.isNaN(value)) return '–'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}

function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const pad = (cell: string, i: number): string =>
    i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)
  return rows.map((row) => `  ${row.map(pad).join('  ')}`)
}
