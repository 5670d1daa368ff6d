/**
 * Check 6, the frame: that a statement is of one month, written as it is documented, and that no
 * figure is below zero which would make another one larger.
 * @module
 */
import type { Context } from './context.ts'
import { hourOf } from './context.ts'
import { compactJson, parseObject } from './fields.ts'
import { EPOCH_MS, USED_NAMES } from './statement.ts'
import type { Line, Statement } from './statement.ts'

/** Account of what nobody owns; what it gives up later stands in its lines below zero. */
export const SUSPENSE = 'suspense'

/**
 * Checks what a statement says of itself, and that its lines are ones of its month.
 *
 * @example
 * checkFrame(context)
 */
export function checkFrame(context: Context): void {
  const { bundle, statement, checks, head } = context
  const findings = checks.of('sums')
  if (!isDocumented(bundle.statement))
    findings.add('statement', 'JSON as it is documented, each field once', 'another spelling')
  const { status, asOfEntry, periodName, firstEpoch, endEpoch } = statement
  findings.same('statement, status', asOfEntry === null ? 'final' : 'draft', status)
  // A draft is of as many entries as the checkpoint.
  if (asOfEntry !== null)
    findings.same('statement, asOfEntry', String(head.size), String(asOfEntry))
  if (status === 'final' && bundle.open !== null)
    findings.add('statement', 'sealed hours only, since it is final', 'one that is not sealed')
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(periodName) ?? []
  for (const [name, epoch, offset] of [
    ['from', firstEpoch, 0],
    ['to', endEpoch, 1],
  ] as const)
    if (epoch * EPOCH_MS !== Date.UTC(Number(year), Number(month) - 1 + offset))
      findings.add(`period, ${name}`, `that of the month ${periodName}`, hourOf(epoch))
  checkLines(context)
}

/** Lines count in hours of the month, no hour of a space twice, and add up upwards. */
function checkLines({ statement, checks }: Context): void {
  const findings = checks.of('sums')
  const { lines, firstEpoch, endEpoch } = statement
  const known = new Set<string>()
  for (const line of lines) {
    const { space, epoch, billedEpoch } = line
    const where = `line ${hourOf(epoch)} of ${space}`
    const isOfMonth = billedEpoch >= firstEpoch && billedEpoch < endEpoch
    if (!isOfMonth || billedEpoch < epoch)
      findings.add(where, 'an hour of the month, or one before that counts in it', 'another')
    const key = JSON.stringify([space, epoch, billedEpoch])
    if (known.has(key)) findings.add(where, 'one line', 'another one')
    known.add(key)
    const sign = signOf(line, statement)
    for (const name of USED_NAMES)
      // What is taken off may be more than what was delivered.
      if (name !== 'egressBytes' && sign * line[name] < 0n)
        findings.add(`${where}, ${name}`, sign > 0n ? '>= 0' : '<= 0', `${line[name]}`)
  }
}

/** In suspense, what counts in a later hour than its own is given up, and stands below zero. */
export function signOf(line: Line, { account }: Pick<Statement, 'account'>): bigint {
  return account === SUSPENSE && line.billedEpoch !== line.epoch ? -1n : 1n
}

/** Whether JSON is spelled as docs/reference/statements.md has it: a line of text for each line. */
function isDocumented(text: string): boolean {
  const { lines, ...head } = parseObject(text, 'statement')
  const items = (lines as readonly unknown[]).map((one) => compactJson(one, 'statement'))
  const start = `${compactJson(head, 'statement').slice(0, -1)},"lines":[\n`
  return text === `${start}${items.join(',\n')}\n]}\n`
}
