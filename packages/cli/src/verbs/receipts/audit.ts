/**
 * `turnpike receipts audit`: whether a data folder's log, journals and receipts say what is true.
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { keepProof } from '@turnpike/audit/keep-proof'
import { auditFolder } from '@turnpike/audit/receipts-folder/audit-folder'
import type { FolderAudit } from '@turnpike/audit/receipts-folder/audit-folder'
import { EXIT } from '../../exit.ts'
import { needFolder } from '../../need-folder.ts'
import type { Output } from '../../output.ts'
import { countOf } from '../../progress-bar.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'
import { printDifferences } from './differences.ts'

/** The verb. */
export const audit: Verb = {
  name: 'receipts audit',
  summary: 'Recompute the whole log, and hold journals and receipts against it.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    vkey: { value: 'KEY', doc: 'The log’s key, as you know it from elsewhere.' },
    proofs: { value: 'FOLDER', doc: 'Keep proofs of misbehaviour here, a file each.' },
  },
  settings: ['data'],
  examples: [
    ['turnpike receipts audit', 'While a server runs, or not. Nothing in the folder is written.'],
    [
      'turnpike receipts audit --vkey gateway.example/log+… --json',
      'For a script: exit code 1 when something differs.',
    ],
  ],
  async run({ options, loaded, output, signal }) {
    const { data } = loaded.settings
    const { vkey, proofs } = options as Readonly<Record<string, string | undefined>>
    if (!existsSync(join(data, 'log'))) needFolder(data)
    let bar: ReturnType<Output['progressBar']>
    const found = await auditFolder(data, {
      vkey,
      signal,
      onProgress: (entries, total) => {
        bar ??= output.progressBar(total, countOf('entries'))
        bar?.update(entries)
      },
    }).finally(() => bar?.end())
    print(found, output)
    for (const proof of proofs === undefined ? [] : found.misbehaviour)
      output.line(`Proof     ${await keepProof(proofs!, proof)}`)
    const { acks, epochs } = found
    output.result({
      ...found,
      epochs: { ...epochs, issued: String(epochs.issued) },
      acks: { ...acks, bytes: String(acks.bytes) },
    })
    return found.holds ? EXIT.ok : EXIT.failed
  },
}

function print(found: FolderAudit, output: Output): void {
  const { entries, sealed, root, key, epochs, acks, journals } = found
  output.line(`Log       ${formatCount(entries)} entries, ${formatCount(sealed)} sealed hours`)
  output.line(`Root      ${root}`)
  output.line(`Key       ${key ?? 'none: no signature was checked'}`)
  if (key !== null && !found.isPinned)
    output.line(
      '          Not pinned, but the folder’s own word: give --vkey to know whose log it is.',
    )
  if (!found.hasRecords)
    output.line(
      '          No billing.sqlite: whether newer files of hours are gone nobody can say.',
    )
  const { batched, anchored, final } = epochs
  output.line(
    `Receipts  ${formatCount(batched)} batched, ${formatCount(anchored)} anchored, ` +
      `${formatCount(final)} final; ${epochs.issued} micro-credits issued`,
  )
  output.line(`Readers   ${formatCount(acks.count)} acknowledged, ${acks.bytes} bytes`)
  const held = journals.reduce((sum, slot) => sum + slot.entries, 0)
  output.line(`Journals  ${journals.length}, with ${formatCount(held)} entries`)
  if (!found.isClean)
    output.line(
      'The folder is in use, or was not stopped cleanly: some changes would not be found, ' +
        'such as of the last frame of a journal, or of what no hash of the log covers.',
    )
  printDifferences(found, output)
  output.line(output.bold(found.holds ? 'Everything agrees.' : 'Something was changed.'))
}
