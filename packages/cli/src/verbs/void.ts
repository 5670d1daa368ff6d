/**
 * `turnpike void`: takes a read out of what is billed.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import { VOID_REASONS, type VoidAnswer } from '@turnpike/node/inbox/void'
import { openHere } from '@turnpike/node/owner/open-here'
import { entryTarget } from '../entry-target.ts'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import { formatCount } from '../units.ts'
import { UsageRefused, type Verb } from '../verb.ts'

/** The verb. */
export const voidRead: Verb = {
  name: 'void',
  summary: 'Take a read out of what is billed.',
  operands: 'RECEIPT|INDEX',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    reason: { value: VOID_REASONS.join('|'), doc: 'Why. The log keeps it.' },
  },
  settings: ['data'],
  examples: [
    [
      'turnpike void 0f1e2d3c4b5a69788796a5b4c3d2e1f0 --reason duplicate',
      'By the X-Receipt-Id of its answer.',
    ],
    ['turnpike void 1042 --reason fault', 'By its index in the log.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const { settings } = loaded
    const { data } = settings
    const params = { ...entryTarget(args[0]!), reason: reasonOf(options['reason']) }
    needFolder(data)
    const called = await callOrOpen(data, () => openHere(data, settings), 'void', params, {
      signal,
    })
    if (called.error) throw called.error
    const { index, space, bytes, endedAt, already } = called.ok as VoidAnswer
    const done = already ? 'was voided before' : 'is voided'
    output.line(`Entry ${formatCount(index)} ${done}: ${formatCount(bytes)} bytes of ${space}`)
    output.line(`  read at ${endedAt}`)
    output.result(called.ok)
    return EXIT.ok
  },
}

function reasonOf(given: string | true | undefined): string {
  const reason = VOID_REASONS.find((name) => name === given)
  if (reason !== undefined) return reason
  throw new UsageRefused(`--reason expected one of ${VOID_REASONS.join(', ')}, got ${given}`)
}
