/**
 * `turnpike audit ledger`: whether log and ledger are what the log's entries come to.
 * @module
 */
import { auditLedger } from '@turnpike/audit/audit-ledger'
import type { LedgerAudit } from '@turnpike/audit/audit-ledger'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Output } from '../../output.ts'
import { countOf } from '../../progress-bar.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const ledger: Verb = {
  name: 'audit ledger',
  summary: 'Say whether log and ledger are what the entries come to.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: ['data'],
  examples: [
    ['turnpike audit ledger', 'While a server runs, or not. Nothing is written.'],
    ['turnpike audit ledger --json', 'For a script: exit code 1 when something differs.'],
  ],
  async run({ loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    let bar: ReturnType<Output['progressBar']>
    const audit = await auditLedger(data, {
      signal,
      onProgress: (entries, total) => {
        bar ??= output.progressBar(total, countOf('entries'))
        bar?.update(entries)
      },
    }).finally(() => bar?.end())
    print(audit, output)
    output.result(audit)
    return audit.holds ? EXIT.ok : EXIT.failed
  },
}

function print(audit: LedgerAudit, output: Output): void {
  const { entries, epochs, summed, root, differences, differencesCount } = audit
  output.line(`Log     ${formatCount(entries)} entries, ${formatCount(epochs)} sealed hours`)
  output.line(`Root    ${root}`)
  const behind = summed < entries ? `, ${formatCount(entries - summed)} not summed yet` : ''
  output.line(`Ledger  ${formatCount(summed)} entries${behind}`)
  for (const { where, expected, found } of differences) {
    output.line(output.bold(where))
    output.line(`  expected ${expected}`)
    output.line(`  found    ${found}`)
  }
  const unnamed = differencesCount - differences.length
  if (unnamed > 0) output.line(`… and ${formatCount(unnamed)} differences more`)
  const { holds } = audit
  output.line(output.bold(holds ? 'Everything agrees.' : 'Log and ledger do not agree.'))
}
