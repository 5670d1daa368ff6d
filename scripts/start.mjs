/**
 * `npm start [-- FOLDER] [--port N …]`: installs what is missing, then serves the folder.
 * @module
 */
import { join } from 'node:path'
import { ensure, pinnedNode, ROOT, run } from './ensure.mjs'

/** npm runs scripts in the clone; a relative FOLDER means the one the user stands in. */
const cwd = process.env['INIT_CWD'] ?? process.cwd()

try {
  process.exitCode = await ensure()
  if (process.exitCode === 0) {
    const bin = join(ROOT, 'packages/cli/bin/turnpike.mjs')
    process.exitCode = await run(pinnedNode(), [bin, 'start', ...process.argv.slice(2)], { cwd })
  }
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
