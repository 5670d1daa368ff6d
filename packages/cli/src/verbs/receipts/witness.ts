/**
 * `turnpike receipts witness`: cosigns what logs say of themselves, one history each.
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openWitness } from '@turnpike/audit/witness/folder'
import { startWitness, type RunningWitness } from '@turnpike/audit/witness/server'
import { tryLock } from '@turnpike/node/folder/lock'
import { EXIT } from '../../exit.ts'
import type { Verb } from '../../verb.ts'

/** Another process has the folder. */
class WitnessBusy extends Error {
  override readonly name = 'WitnessBusy'
}

/** The verb. */
export const witness: Verb = {
  name: 'receipts witness',
  summary: 'Watch logs, and cosign what they say as long as it is one history.',
  operands: 'FOLDER',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    name: { value: 'NAME', doc: 'Name of a new witness, such as `witness.example/w1`.' },
    log: {
      value: 'KEY,…',
      doc: 'Keys of logs to watch from now on (`/receipts/vkey` of a gateway).',
    },
  },
  settings: ['host', 'port'],
  defaults: { port: 8090 },
  examples: [
    [
      'turnpike receipts witness ./witness --name witness.example/w1 --log gateway.example/log+…',
      'Watch a log. The key is made in the folder, which is never to be set back.',
    ],
    ['turnpike receipts witness ./witness', 'Go on watching.'],
  ],
  async run({ args, options, loaded, output, signal }) {
    const [directory = ''] = args
    const { name, log } = options as Readonly<Record<string, string | undefined>>
    await mkdir(directory, { recursive: true, mode: 0o700 })
    const lock = tryLock(join(directory, 'owner.lock'), 'exclusive')
    if (lock === undefined) throw new WitnessBusy(`${directory} is another witness's now`)
    let running: RunningWitness | undefined
    try {
      const logs = log?.split(',') ?? []
      const deps = await openWitness({ directory, name, logs, nowMs: Date.now })
      const { host, port } = loaded.settings
      const onFault = (error: unknown): void => output.note(`witness: ${String(error)}`)
      running = await startWitness(deps, { host, port, onFault })
      output.line(`Witness   ${output.bold(running.url)}`)
      output.line(`Key       ${running.key}`)
      for (const { key, latest } of deps.logs)
        output.line(`Log       ${key.name}, ${sizeIn(latest?.text)}`)
      output.line('Stop      Ctrl-C')
      output.result({ url: running.url, key: running.key, logs: deps.logs.length })
      await aborted(signal)
      return EXIT.ok
    } finally {
      await running?.close()
      lock.release()
    }
  },
}

function sizeIn(checkpoint: string | undefined): string {
  return checkpoint === undefined ? 'not seen yet' : `${checkpoint.split('\n')[1]} entries seen`
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
