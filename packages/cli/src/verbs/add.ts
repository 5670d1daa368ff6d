/**
 * `turnpike add`: files, folders and CARs become content.
 * @module
 */
import { addPaths, type AddProgress, type AddResult } from '@turnpike/node/add/add'
import { openToAdd, type OpenContext } from '@turnpike/node/add/context'
import { boundHeap } from '@turnpike/node/add/heap'
import { importCars } from '@turnpike/node/add/import-car'
import { EXIT } from '../exit.ts'
import { surveyPaths } from '../survey.ts'
import { formatBytes, formatCount } from '../units.ts'
import { UsageRefused, type Invocation, type Verb } from '../verb.ts'

/** The verb. */
export const add: Verb = {
  name: 'add',
  summary: 'Add files and folders, or the blocks of a CAR.',
  operands: 'PATH…',
  operandsMin: 0,
  operandsMax: 10_000,
  options: {
    car: {
      value: 'FILE',
      doc:
        'Import every block of this CAR, each checked first; further paths are CARs, too. ' +
        'Any roots, or none, will do, and blocks may be missing.',
    },
    space: { value: 'SPACE', doc: 'DID or name of the space that it goes to. Default: default.' },
    wrap: { doc: 'Make one folder of all paths.' },
    hidden: { doc: 'Take in files whose names begin with a dot.' },
    mode: { doc: 'Keep permissions. Changes the CID.' },
    mtime: { doc: 'Keep times of change. Changes the CID.' },
  },
  settings: ['data', 'profile'],
  examples: [
    ['turnpike add ./site', 'Prints the CID that the folder has from now on.'],
    ['turnpike add --wrap a.txt b.txt --json', 'One folder of two files, for a script.'],
    ['turnpike add --car export.car', 'Content that another tool packed.'],
    ['turnpike add --car exports/*.car', 'The same for many, each whole or not at all.'],
  ],
  async run(invocation) {
    const { args, options, loaded, output } = invocation
    if (options.car === undefined && args.length === 0)
      throw new UsageRefused('"add" expected PATH… or --car FILE…, got nothing')
    boundHeap()
    const { space } = options
    const opened = await openToAdd(
      loaded.settings.data,
      typeof space === 'string' ? space : undefined,
    )
    if (opened.error) throw opened.error
    try {
      const added = await addAll(invocation, opened.ok)
      for (const { cid, name } of added.roots) output.line(`${output.bold(cid)}  ${name}`)
      const sizes = `${formatBytes(added.bytes)} in ${formatCount(added.files)} files`
      output.line(`Added ${sizes}, ${formatCount(added.blocks)} new blocks.`)
      output.result(added)
      return EXIT.ok
    } finally {
      await opened.ok.close()
    }
  },
}

/** Adds with a progress bar, if there is a terminal to show one. */
async function addAll(
  { args, options, loaded, output, signal }: Invocation,
  context: OpenContext,
): Promise<AddResult> {
  const { car } = options
  const hidden = options.hidden === true
  const paths = typeof car === 'string' ? [car, ...args] : args
  const total = output.showsProgress ? await surveyPaths(paths, { hidden, signal }) : undefined
  const bar = output.progressBar(total?.bytes)
  const onProgress = ({ bytes }: AddProgress): void => bar?.update(bytes)
  try {
    const added =
      car === undefined
        ? await addPaths(context, paths, {
            profile: loaded.settings.profile,
            hidden,
            wrap: options.wrap === true,
            mode: options.mode === true,
            mtime: options.mtime === true,
            onProgress,
            signal,
          })
        : await importCars(context, paths, { onProgress, signal })
    if (added.error) throw added.error
    return added.ok
  } finally {
    bar?.end()
  }
}
