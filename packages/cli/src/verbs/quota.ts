/**
 * `turnpike quota`: where customers stand with what their plans allow.
 * @module
 */
import type { ShownQuota } from '@turnpike/node/quota/show'
import { showCustomers } from '@turnpike/node/provisioning/show'
import { callFolder } from '../call-folder.ts'
import { needCustomer } from '../customer-did.ts'
import { EXIT } from '../exit.ts'
import { grantLine } from '../grant-line.ts'
import { needFolder } from '../need-folder.ts'
import type { Output } from '../output.ts'
import { readCatalog } from '../read-catalog.ts'
import { formatCount } from '../units.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const quota: Verb = {
  name: 'quota',
  summary: 'Show what customers have used of what their plans allow.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {
    customer: { value: 'CUSTOMER', doc: 'One customer only, by DID or email address.' },
  },
  settings: ['data', 'plans'],
  examples: [
    ['turnpike quota', 'Everybody: ok, warn, over or blocked.'],
    ['turnpike quota --customer alice@example.com --json', 'One of them, for programs.'],
  ],
  async run({ options, loaded, output, signal }) {
    const { data } = loaded.settings
    needFolder(data)
    const named = options['customer']
    const customers =
      named === undefined
        ? (await readCatalog(data, showCustomers)).customers.map(({ did }) => did)
        : [needCustomer(String(named))]
    const quotas: ShownQuota[] = []
    for (const customer of customers) {
      const shown = (await callFolder(loaded, 'quota', { customer }, signal)) as ShownQuota
      quotas.push(shown)
      show(shown, output)
    }
    output.result(named === undefined ? { quotas } : quotas[0]!)
    return EXIT.ok
  },
}

function show(shown: ShownQuota, output: Output): void {
  const count = (value: number | string): string => `${formatCount(Number(value))} bytes`
  const { customer, state, planName, period, used, allowance, limit, limitKind, day } = shown
  output.line(`${output.bold(customer)} is ${output.bold(state)} (${planName}, ${period})`)
  const of = limitKind === 'none' ? '' : ` of ${count(allowance)}`
  const refused = limit === null ? '' : `; refused from ${count(limit)} on`
  output.line(`  used ${count(used)}${of}${refused}`)
  if (day.limit !== null) output.line(`  today ${count(day.used)} of ${count(day.limit)}`)
  const { amount, currency } = shown.balance
  if (amount !== '0.00') output.line(`  balance ${amount} ${currency}`)
  for (const grant of shown.grants) output.line(`  grant ${grantLine(grant)}`)
}
