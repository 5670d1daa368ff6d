/**
 * `turnpike credits ls`: what was issued, decided or spent.
 * @module
 */
import type { CreditList } from '@turnpike/node/credits/operations'
import { CREDIT_ISSUANCES_LISTED_MAX, CREDIT_ROWS_MAX } from '@turnpike/core/limits/credits'
import { callFolder } from '../../call-folder.ts'
import { EXIT } from '../../exit.ts'
import { tableLines } from '../../table-lines.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

const LISTS = ['issuances', 'events', 'spends']

/** The verb. */
export const ls: Verb = {
  name: 'credits ls',
  summary: 'List what was issued, decided or spent, the last first.',
  operands: `[${LISTS.join('|')}]`,
  operandsMin: 0,
  operandsMax: 1,
  options: {},
  settings: ['data'],
  examples: [
    ['turnpike credits ls', 'Hours whose reads were rewarded, and what kept them from more.'],
    ['turnpike credits ls events', 'What was put into the pool, and policies.'],
    ['turnpike credits ls spends --json', 'For scripts.'],
  ],
  async run({ args: [what = 'issuances'], loaded, output, signal }) {
    if (!LISTS.includes(what))
      throw new UsageRefused(`credits ls expected one of ${LISTS.join(', ')}, got "${what}"`)
    const list = (await callFolder(loaded, 'creditLs', { what }, signal)) as CreditList
    const rows = rowsOf(list)
    if (rows.length === 0) output.line('None.')
    for (const line of tableLines(rows)) output.line(line)
    const rowsMax = 'issuances' in list ? CREDIT_ISSUANCES_LISTED_MAX : CREDIT_ROWS_MAX
    if (rows.length === rowsMax) output.line('… and maybe more')
    output.result(list)
    return EXIT.ok
  },
}

function rowsOf(list: CreditList): string[][] {
  if ('issuances' in list)
    return list.issuances.map(({ reads, issued, providers, policy, pool, withheld }) => [
      reads,
      `${issued} to ${providers} provider${providers === 1 ? '' : 's'}`,
      policy === null ? 'without a policy' : `by ${policy}`,
      `${pool} left`,
      Object.entries(withheld)
        .map(([reason, amount]) => `${reason} withheld ${amount}`)
        .join(', '),
    ])
  if ('events' in list)
    return list.events.map(({ id, kind, amount, from, note }) => [
      id,
      kind,
      amount ?? '',
      `from ${from}`,
      note,
    ])
  return list.spends.map(({ id, provider, amount, at, note }) => [id, provider, amount, at, note])
}
