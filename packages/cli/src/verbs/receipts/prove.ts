/**
 * `turnpike receipts prove`: the proof that an entry is in the log, as a file.
 * @module
 */
import type { ReceiptProof } from '@turnpike/node/receipts/operations'
import { callFolder } from '../../call-folder.ts'
import { entryTarget } from '../../entry-target.ts'
import { EXIT } from '../../exit.ts'
import { formatCount } from '../../units.ts'
import type { Verb } from '../../verb.ts'

/** The verb. */
export const prove: Verb = {
  name: 'receipts prove',
  summary: 'Prove that a read is in the log.',
  operands: 'RECEIPT|INDEX',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    anchored: {
      doc: 'Against the checkpoint of its hour, as it was anchored, not the newest.',
    },
  },
  settings: ['data'],
  examples: [
    [
      'turnpike receipts prove 0f1e2d3c4b5a69788796a5b4c3d2e1f0 > read.tlog-proof',
      'By the X-Receipt-Id of its answer.',
    ],
    ['turnpike receipts prove 1042 --json', 'By its index, with the fields of the entry.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const anchored = options['anchored'] === true
    const params = { ...entryTarget(args[0]!), newest: true, anchored }
    const proof = (await callFolder(loaded, 'receiptProof', params, signal)) as ReceiptProof
    const { index, size, kind, read } = proof
    const what = read === null ? `a ${kind}` : `${read.bytes} bytes of ${read.space}`
    output.note(`Entry ${formatCount(index)} of ${formatCount(size)}: ${what}`)
    for (const one of proof.anchored?.anchors ?? [])
      output.note(`  hour ${proof.anchored!.epoch}, anchor ${one.anchor}: ${one.state}`)
    output.text(proof.proof)
    output.result(proof)
    return EXIT.ok
  },
}
