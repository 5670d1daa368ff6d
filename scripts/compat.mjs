/**
 * `npm run compat`: installs the clients of others in `compat/`, then tests Turnpike with them.
 * @module
 */
import { join } from 'node:path'
import { ensure, pinnedNode, ROOT, run } from './ensure.mjs'

/** Trees that tests use; the others are the bench's, and for making vectors. */
const TREES = ['verified-fetch', 'storacha']
const NPM_CI = ['ci', '--ignore-scripts', '--no-fund', '--no-audit', '--loglevel=error']

async function main() {
  const installed = await ensure()
  if (installed !== 0) return installed
  for (const tree of TREES) {
    console.log(`installing compat/${tree}`)
    const code = await run('npm', NPM_CI, { cwd: join(ROOT, 'compat', tree) })
    if (code !== 0) return code
  }
  process.env.TURNPIKE_COMPAT = '1'
  return run(pinnedNode(), ['--test', '--test-timeout=180000', 'scripts/compat*.test.ts'])
}

try {
  process.exitCode = await main()
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
