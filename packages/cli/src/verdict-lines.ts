/**
 * Verdicts about statement bundles as short text.
 * @module
 */
import type { Check, Verdict } from '@turnpike/audit/bundle/verdict'
import { oneLine } from './output.ts'
import type { Output } from './output.ts'

/**
 * Lines that say what was checked of a bundle, and what came of it.
 *
 * @example
 * for (const line of verdictLines('demo.json', verdict, output)) output.line(line)
 */
export function verdictLines(file: string, verdict: Verdict, output: Output): string[] {
  const { account, period, status, checks, notes, log, pinned } = verdict
  const what = account === '' ? 'not a statement bundle' : `${account}, ${period} (${status})`
  return [
    output.bold(`${file}: ${what}`),
    ...checks.flatMap(checkLines),
    ...(log === '' ? [] : [`  key  ${log}${pinned ? '' : ' (the file’s own: NOT PINNED)'}`]),
    ...notes.map((note) => `  note ${note}`),
  ].map(oneLine)
}

function checkLines({ name, holds, says, findings, findingsCount }: Check): string[] {
  const more = findingsCount - findings.length
  return [
    `  ${holds ? 'ok  ' : 'FAIL'} ${name}${says === '' ? '' : `: ${says}`}`,
    ...findings.map(
      ({ where, expected, found }) => `       ${where}: expected ${expected}, got ${found}`,
    ),
    ...(more > 0 ? [`       and ${more} more`] : []),
  ]
}
