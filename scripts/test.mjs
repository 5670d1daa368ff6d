/**
 * `npm test [-- FILE…]`: installs what is missing, then runs every check, cheapest first, and
 * stops at the first that fails. With files, runs only those tests.
 * @module
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { ensure, pinnedNode, ROOT, run } from './ensure.mjs'

const TEST_TIMEOUT_MS = 180_000
const TESTS = ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.ts', 'bench/**/*.test.ts']

/** Entry points of the tools, started on the pinned Node whatever the PATH says. */
const tool = (path) => join(ROOT, 'node_modules', path)

const CHECKS = [
  { name: 'format', args: [tool('oxfmt/bin/oxfmt'), '--check'] },
  { name: 'lint', args: [tool('oxlint/bin/oxlint'), '--deny-warnings', '--quiet'] },
  { name: 'types', args: [tool('typescript/bin/tsc'), '-p', 'tsconfig.json'] },
]

/** Each file runs in a process of its own: what one has stripped and compiled serves the next. */
const ENV = { NODE_COMPILE_CACHE: join(ROOT, 'node_modules/.cache/compiled'), ...process.env }

/** Arguments for the test runner: at least two files at once, each in a process of its own. */
function testArgs(files) {
  return [
    '--test',
    `--test-concurrency=${Math.max(2, availableParallelism())}`,
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    `--test-reporter=${new URL('reporter.mjs', import.meta.url)}`,
    '--disable-warning=ExperimentalWarning',
    ...files,
  ]
}

async function main(named) {
  const installed = await ensure()
  if (installed !== 0) return installed
  const node = pinnedNode()
  for (const { name, args } of named.length === 0 ? CHECKS : []) {
    const started = performance.now()
    const code = await run(node, args)
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${code === 0 ? '✔' : '✖'} ${name} (${seconds} s)`)
    if (code !== 0) return code
  }
  return run(node, testArgs(named.length > 0 ? named : TESTS), { env: ENV })
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
