/**
 * `turnpike receipts monitor`: follows a gateway's log from outside.
 * @module
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { openMonitor, type Look, type Monitor } from '@turnpike/audit/monitor/monitor'
import type { Round } from '@turnpike/audit/monitor/round'
import { SourceFailed } from '@turnpike/audit/monitor/source'
import { EXIT, type ExitCode } from '../../exit.ts'
import type { Output } from '../../output.ts'
import { formatCount } from '../../units.ts'
import { UsageRefused, type Verb } from '../../verb.ts'

const SECONDS_MAX = 86_400

/** The verb. */
export const monitor: Verb = {
  name: 'receipts monitor',
  summary: 'Follow a gateway’s log: whether it is one history, and the one that others see.',
  operands: 'URL',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    vkey: { value: 'KEY', doc: 'The log’s key, from elsewhere than the gateway.' },
    state: { value: 'FILE', doc: 'What was seen so far. Default: turnpike-monitor.json.' },
    every: { value: 'SECONDS', doc: 'Look again and again, until Ctrl-C.' },
    witness: {
      value: 'KEY[=URL],…',
      doc: 'Witnesses that have to cosign; those with an address are asked what they have seen.',
    },
    quorum: { value: 'COUNT', doc: 'How many of them have to; more than half when not given.' },
    contract: { value: 'ADDRESS', doc: 'The contract on a chain where epochs have to be.' },
    rpc: { value: 'URL,…', doc: 'Nodes of that chain. All of them are asked, and have to agree.' },
  },
  settings: [],
  examples: [
    [
      'turnpike receipts monitor https://gateway.example --vkey gateway.example/log+…',
      'Look once. Exit code 1 when something is wrong; proofs are beside the state.',
    ],
    [
      'turnpike receipts monitor https://gateway.example --every 60 --witness w+…=https://w.test',
      'Look every minute, and ask a witness, too.',
    ],
  ],
  async run({ args, options, output, signal }) {
    const everySeconds = countIn(options['every'], '--every', SECONDS_MAX)
    const opened = await openMonitor({
      url: args[0]!,
      statePath: textIn(options['state']) ?? 'turnpike-monitor.json',
      vkey: textIn(options['vkey']),
      witnesses: textIn(options['witness'])?.split(',') ?? [],
      quorum: countIn(options['quorum'], '--quorum', SECONDS_MAX),
      contract: textIn(options['contract']),
      rpcs: textIn(options['rpc'])?.split(',') ?? [],
      signal,
    })
    if (!opened.isPinned) output.note(PIN)
    return everySeconds === undefined
      ? show(await opened.look(), output)
      : follow(opened, everySeconds, output, signal)
  },
}

const PIN =
  'The key came from the gateway itself: whoever runs it may show others another. Give --vkey ' +
  'with a key that you have from elsewhere.'

/** Looks until it is stopped; what it sees is said when it changes. */
async function follow(
  opened: Monitor,
  seconds: number,
  output: Output,
  signal: AbortSignal,
): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok
  let said = ''
  while (!signal.aborted) {
    try {
      const round = await opened.look()
      const now = JSON.stringify([round.findings, statesOf(round)])
      if (now === said) round.unheard.forEach((line) => output.note(line))
      else if (show(round, output) === EXIT.failed) code = EXIT.failed
      said = now
    } catch (error) {
      if (!(error instanceof SourceFailed)) throw error
      if (!signal.aborted) output.note(error.message)
    }
    await sleep(seconds * 1000, undefined, { signal }).catch(() => {})
  }
  return code
}

function show(round: Look, output: Output): ExitCode {
  const { head, epochs, findings, unheard, proofs } = round
  output.line(`Log      ${formatCount(head.size)} entries`)
  for (const { epoch, standing } of epochs) {
    const by = standing.anchors.length === 0 ? '' : ` (${standing.anchors.join(', ')})`
    output.line(`Epoch    ${epoch}  ${standing.state}${by}`)
  }
  for (const line of unheard) output.note(line)
  for (const { rule, where, message } of findings) {
    output.line(output.bold(`${rule}: ${where}`))
    output.line(`  ${message}`)
  }
  for (const path of proofs) output.line(`Proof    ${path}`)
  const holds = findings.length === 0
  output.line(output.bold(holds ? 'One history, as far as it was seen.' : 'Something is wrong.'))
  output.result({
    holds,
    size: head.size,
    epochs: statesOf(round),
    findings: findings.map(({ rule, where, message }) => ({ rule, where, message })),
    unheard,
    proofs,
  })
  return holds ? EXIT.ok : EXIT.failed
}

function statesOf({ epochs }: Round): readonly object[] {
  return epochs.map(({ epoch, standing: { state, anchors } }) => ({ epoch, state, anchors }))
}

function textIn(value: string | true | undefined): string | undefined {
  return value === true ? undefined : value
}

function countIn(value: string | true | undefined, name: string, max: number): number | undefined {
  if (value === undefined) return undefined
  const count = Number(value)
  if (Number.isInteger(count) && count >= 1 && count <= max) return count
  throw new UsageRefused(`${name} expected a whole number from 1 to ${max}, got ${value}`)
}
