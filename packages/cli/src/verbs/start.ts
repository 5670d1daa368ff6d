/**
 * `turnpike start`: from nothing to a page in the browser.
 * @module
 */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addPaths } from '@turnpike/node/add/add'
import { openToAdd } from '@turnpike/node/add/context'
import { listRoots } from '@turnpike/node/catalog/roots'
import { SETTING_NAMES } from '@turnpike/node/config/settings'
import { recallStart, rememberStart } from '../remember.ts'
import { surveyPaths } from '../survey.ts'
import { UsageRefused, type Invocation, type Verb } from '../verb.ts'
import { serving } from './serve.ts'

/** Roots among which one that was added earlier is looked for. */
const ROOTS_MAX = 10_000

/** The verb. */
export const start: Verb = {
  name: 'start',
  summary: 'Add a folder, or the sample site, and serve it.',
  operands: '[FOLDER]',
  operandsMin: 0,
  operandsMax: 1,
  options: {},
  settings: SETTING_NAMES,
  defaults: { portSearch: true, logLevel: 'warn' },
  examples: [
    ['turnpike start', 'The sample site, at http://127.0.0.1:8080 or the next free port.'],
    ['turnpike start ./folder --port 9000', 'A folder of yours.'],
  ],
  async run(invocation) {
    const { args, loaded, output, signal } = invocation
    const folder = folderOf(args[0])
    return serving(loaded, output, signal, async ({ url, adminUrl }) => {
      const cid = await addOnce(invocation, folder)
      const data = loaded.sources.data === 'default' ? '' : ` --data ${loaded.settings.data}`
      output.line(`Open      ${output.bold(`${url}/ipfs/${cid}/`)}`)
      output.line(`Usage     npx turnpike usage${data}`)
      output.line('Stop      Ctrl-C')
      output.result({ url: `${url}/ipfs/${cid}/`, cid, adminUrl })
    })
  },
}

/** The folder that is asked for, or the sample site, which only a clone of the repository has. */
function folderOf(given: string | undefined): string {
  if (given !== undefined) {
    if (!existsSync(given)) throw new UsageRefused(`FOLDER expected to exist, got ${given}`)
    return resolve(given)
  }
  const sample = fileURLToPath(new URL('../../../../examples/site', import.meta.url))
  if (!existsSync(sample)) throw new UsageRefused('"start" expected FOLDER, got nothing')
  return sample
}

/** CID of the folder; it is only read again when it looks changed since the last start. */
async function addOnce({ loaded, output, signal }: Invocation, folder: string): Promise<string> {
  const { data, profile } = loaded.settings
  const survey = await surveyPaths([folder], { hidden: false, signal })
  const key = `${folder} ${profile} ${survey.print}`
  const opened = await openToAdd(data)
  if (opened.error) throw opened.error
  const context = opened.ok
  try {
    const before = recallStart(data, key)
    const roots = listRoots(context.catalog, context.space, ROOTS_MAX)
    if (before !== undefined && roots.some(({ cid }) => cid === before)) return before
    const bar = output.progressBar(survey.bytes)
    const onProgress = ({ bytes }: { bytes: number }): void => bar?.update(bytes)
    const added = await addPaths(context, [folder], { profile, onProgress, signal }).finally(() =>
      bar?.end(),
    )
    if (added.error) throw added.error
    const cid = added.ok.cid!
    rememberStart(data, key, cid)
    return cid
  } finally {
    await context.close()
  }
}
