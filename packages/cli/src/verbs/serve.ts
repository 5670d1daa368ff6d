/**
 * `turnpike serve`: serves what was added.
 * @module
 */
import type { LoadedSettings } from '@turnpike/node/config/load'
import { SETTING_NAMES } from '@turnpike/node/config/settings'
import { startDeployment, type Deployment } from '@turnpike/node/serve/deployment'
import { EXIT, type ExitCode } from '../exit.ts'
import type { Output } from '../output.ts'
import type { Verb } from '../verb.ts'

/** The verb. */
export const serve: Verb = {
  name: 'serve',
  summary: 'Serve what was added, until Ctrl-C.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: {},
  settings: SETTING_NAMES,
  examples: [
    ['turnpike serve --port 8080', 'At http://127.0.0.1:8080/ipfs/CID.'],
    [
      'turnpike serve --host :: --log-file turnpike.log',
      'To everybody who can reach this machine.',
    ],
  ],
  run: ({ loaded, output, signal }) =>
    serving(loaded, output, signal, ({ url, adminUrl }) => {
      output.line(`Serving   ${output.bold(`${url}/ipfs/CID`)}`)
      output.line(`Health    ${adminUrl}/healthz`)
      output.line('Stop      Ctrl-C')
      output.result({ url, adminUrl })
    }),
}

/**
 * Runs a deployment from `settings` until the signal aborts or it can't go on. `onReady` runs when
 * it serves; what it throws stops the deployment.
 */
export async function serving(
  loaded: LoadedSettings,
  output: Output,
  signal: AbortSignal,
  onReady: (deployment: Deployment) => void | Promise<void>,
): Promise<ExitCode> {
  const started = await startDeployment(loaded)
  if (started.error) throw started.error
  const deployment = started.ok
  try {
    await onReady(deployment)
    const failure = await Promise.race([aborted(signal), deployment.failed])
    if (failure === undefined) {
      output.note('Stopping: what is in flight is finished first. Ctrl-C again stops at once.')
      return EXIT.ok
    }
    output.note(`turnpike can not go on: ${failure.message}`)
    return EXIT.failed
  } finally {
    await deployment.close()
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined)
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
  })
}
