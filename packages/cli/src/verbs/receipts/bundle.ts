/**
 * `turnpike receipts bundle`: a statement with what shows that its figures lie in the log.
 * @module
 */
import { writeFile } from 'node:fs/promises'
import { selfCheckingPage } from '@turnpike/audit/page/page'
import type { BundleAnswer } from '@turnpike/node/bundles/operation'
import { takeText } from '@turnpike/node/statements/files'
import { callFolder } from '../../call-folder.ts'
import { needAccount } from '../../customer-did.ts'
import { EXIT } from '../../exit.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

/** The verb. */
export const bundle: Verb = {
  name: 'receipts bundle',
  summary: 'Write a statement with its proofs, which its customer can check alone.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    customer: { value: 'CUSTOMER', doc: 'By DID or email address; or "suspense", "operator".' },
    period: { value: 'MONTH', doc: 'Such as 2026-11, in UTC; by default the one that goes on.' },
    out: { value: 'FILE', doc: 'Where to write it. One that ends in .html is a page.' },
    entries: { doc: 'List each read of sealed hours, too, not only their sums.' },
  },
  settings: ['data'],
  examples: [
    [
      'turnpike receipts bundle --customer demo@example.com --out demo.json',
      'For turnpike receipts verify.',
    ],
    [
      'turnpike receipts bundle --customer demo@example.com --out demo.html',
      'A page that checks itself in any browser, without a network.',
    ],
  ],
  async run({ options, loaded, output, signal }) {
    const { customer, out } = options
    if (typeof customer !== 'string') throw new UsageRefused('--customer expected a customer')
    if (typeof out !== 'string') throw new UsageRefused('--out expected a file')
    const account = needAccount(customer)
    const period = options['period'] ?? new Date().toISOString().slice(0, '2026-11'.length)
    const params = { account, period, entries: options['entries'] === true }
    const answer = await callFolder(loaded, 'statementBundle', params, signal)
    const { path, digest, status } = answer as BundleAnswer
    const text = await takeText(path)
    await writeFile(out, out.endsWith('.html') ? await selfCheckingPage(text) : text)
    output.line(`Wrote ${out} (${status}), SHA-256 of its statement ${digest}`)
    output.line(`Check it with npx turnpike receipts verify ${out}`)
    output.result({ out, digest, status })
    return EXIT.ok
  },
}
