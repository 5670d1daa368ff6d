/**
 * Check 6: that each line of the statement is the sum of its rows or entries, and that lines add up
 * to what the statement says they do.
 * @module
 */
import type { Row } from '../row.ts'
import { hourOf } from './context.ts'
import type { Context } from './context.ts'
import { signOf } from './frame.ts'
import { USED_NAMES } from './statement.ts'
import type { Line, Statement, Used } from './statement.ts'
import { several } from './verdict.ts'

/** What the log has of one hour. */
export interface HourRows {
  readonly epoch: number
  readonly rows: readonly Row[]
}

/** What of a line the log knows. */
const LOGGED = ['deliveredBytes', 'voidedBytes', 'fetchedBytes', 'reads', 'denied'] as const
type Logged = Record<(typeof LOGGED)[number], bigint>

/**
 * Checks lines against rows, both ways, and the statement's sums against its lines.
 *
 * @example
 * checkSums(sealed.map(({ part, rows }) => ({ epoch: part.epoch, rows })), context)
 */
export function checkSums(hours: readonly HourRows[], context: Context): void {
  const { statement, checks } = context
  const stated = new Map<string, Logged>()
  for (const line of statement.lines) addTo(stated, keyOf(line), signed(line, statement))
  const logged = new Map<string, Logged>()
  for (const { epoch, rows } of hours)
    for (const row of rows) addTo(logged, keyOf({ space: row.space, epoch }), loggedOf(row))
  for (const key of new Set([...stated.keys(), ...logged.keys()]))
    compare(key, stated.get(key), logged.get(key), context)
  checks.say('sums', `what the log adds up to is in ${several(statement.lines.length, 'line')}`)
  checkTotals(context)
}

function compare(
  key: string,
  stated: Logged = { ...NOTHING },
  logged: Logged = { ...NOTHING },
  { checks }: Context,
): void {
  const [where, space] = JSON.parse(key) as [string, string]
  for (const name of LOGGED) {
    const [line, log] = [stated[name], logged[name]]
    if (name === 'voidedBytes' && line < log) {
      checks.notes.push(
        `In ${where}, the log takes ${log} bytes of ${space} back, and this statement ${line}: ` +
          'the rest is due to whoever owned the space when it was read.',
      )
    } else if (line !== log)
      checks
        .of('sums')
        .add(`line ${where} of ${space}, ${name}`, `${log}, as the log has it`, `${line}`)
  }
}

/** The statement's own sums: of each line, each space, and all. */
function checkTotals({ statement, checks }: Context): void {
  const findings = checks.of('sums')
  const { lines, spaces, total } = statement
  const bySpace = new Map<string, Used>()
  for (const line of lines) {
    const { egressBytes, deliveredBytes, voidedBytes } = line
    if (egressBytes !== deliveredBytes - voidedBytes)
      findings.add(
        `line ${hourOf(line.epoch)}, egressBytes`,
        'delivered less voided',
        `${egressBytes}`,
      )
    bySpace.set(line.space, addUsed(bySpace.get(line.space), line))
  }
  for (const one of spaces) {
    sameUsed(`space ${one.space}`, bySpace.get(one.space), one, findings)
    bySpace.delete(one.space)
  }
  for (const space of bySpace.keys()) findings.add(`space ${space}`, 'a sum', 'none')
  let sum: Used | undefined
  for (const one of spaces) sum = addUsed(sum, one)
  sameUsed('total', sum, total, findings)
}

function sameUsed(
  where: string,
  expected: Used | undefined,
  found: Used,
  findings: ReturnType<Context['checks']['of']>,
): void {
  for (const name of USED_NAMES)
    findings.same(`${where}, ${name}`, String(expected?.[name] ?? 0n), String(found[name]))
}

const NOTHING: Readonly<Logged> = {
  deliveredBytes: 0n,
  voidedBytes: 0n,
  fetchedBytes: 0n,
  reads: 0n,
  denied: 0n,
}

/** Hour and space: what lines and rows are compared by. */
function keyOf({ space, epoch }: Pick<Line, 'space' | 'epoch'>): string {
  return JSON.stringify([hourOf(epoch), space])
}

function signed(line: Line, statement: Statement): Logged {
  const sign = signOf(line, statement)
  return mapped((name) => sign * line[name])
}

function loggedOf(row: Row): Logged {
  return {
    deliveredBytes: row.bytes,
    voidedBytes: row.bytesVoided,
    fetchedBytes: row.bytesFetched,
    // A statement's reads are all of them, a row's only those that were let in.
    reads: row.reads + row.denied,
    denied: row.denied,
  }
}

function addTo(sums: Map<string, Logged>, key: string, more: Logged): void {
  const sum = sums.get(key)
  sums.set(key, sum === undefined ? more : mapped((name) => sum[name] + more[name]))
}

function mapped(value: (name: (typeof LOGGED)[number]) => bigint): Logged {
  return Object.fromEntries(LOGGED.map((name) => [name, value(name)])) as Logged
}

function addUsed(sum: Used | undefined, more: Used): Used {
  const added = USED_NAMES.map((name) => [name, (sum?.[name] ?? 0n) + more[name]])
  return Object.fromEntries(added) as Used
}
