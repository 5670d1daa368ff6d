/**
 * `npm run bench [-- --quick] [--case NAME]… [--json] [--data FOLDER]`.
 *
 * Installs the foreign stacks, runs the cases, prints what they found and writes it to
 * `bench/results/`.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { CASES } from './cases/all.ts'
import { startChild } from './child.ts'
import { foreignFolder, foreignInstalled } from './contenders.ts'
import { BenchData } from './data.ts'
import type { BenchCase, CaseReport } from './measure.ts'
import { describe } from './report.ts'
import { FULL, QUICK } from './sizes.ts'

const USAGE = `npm run bench -- [--quick] [--case NAME]… [--rounds N] [--json] [--data FOLDER]

  --quick        smaller sizes, 3 rounds
  --case NAME    only this case; may be repeated: ${CASES.map(({ name }) => name).join(', ')}
  --rounds N     measure each contender N times
  --json         print JSON instead of tables
  --data FOLDER  keep what was added there for the next run
`

function readArgs() {
  return parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      case: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      json: { type: 'boolean', default: false },
      data: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  }).values
}

/** The cases that were named, or all. */
function chosen(names: readonly string[]): readonly BenchCase[] {
  for (const name of names)
    if (!CASES.some((one) => one.name === name))
      throw new RangeError(`--case expected one of those that --help lists, got "${name}"`)
  return names.length === 0 ? CASES : CASES.filter(({ name }) => names.includes(name))
}

function installForeign(): void {
  if (foreignInstalled()) return
  note('installing the foreign stacks in compat/gateway-lib')
  const args = ['ci', '--ignore-scripts', '--no-fund', '--no-audit']
  const { status } = spawnSync('npm', args, { cwd: foreignFolder, stdio: 'ignore' })
  if (status !== 0) note('npm ci failed there: they are left out')
}

function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

function machine(): object {
  const [cpu] = cpus()
  return { node: process.version, cpu: cpu?.model, cores: availableParallelism(), load: loadavg() }
}

async function main(): Promise<number> {
  const args = readArgs()
  if (args.help) {
    process.stdout.write(USAGE)
    return 0
  }
  const cases = chosen(args.case)
  const base = args.quick ? QUICK : FULL
  const sizes = { ...base, rounds: Number(args.rounds ?? base.rounds) }
  installForeign()
  const data = new BenchData(args.data ?? mkdtempSync(join(tmpdir(), 'turnpike-bench-')), sizes)
  const reports: Record<string, CaseReport> = {}
  const before = machine()
  const client = await startChild('load/client.ts', [])
  try {
    const bench = { sizes, data, client, foreign: foreignInstalled() }
    for (const one of cases) {
      note(`${one.name}: ${one.about}`)
      reports[one.name] = await one.run({ ...bench, note: (text) => note(`  ${text}`) })
      if (!args.json) process.stdout.write(`\n${describe(one, reports[one.name]!)}\n`)
    }
  } finally {
    await client.stop()
    if (args.data === undefined) await data.remove()
    else await data.close()
  }
  const result = { at: new Date().toISOString(), sizes, before, after: machine(), cases: reports }
  const text = `${JSON.stringify(result, null, 2)}\n`
  const results = join(import.meta.dirname, 'results')
  mkdirSync(results, { recursive: true })
  const file = join(results, `${result.at.replaceAll(/[:.]/g, '-')}.json`)
  writeFileSync(file, text)
  if (args.json) process.stdout.write(text)
  else note(`written to ${file}`)
  const missed = Object.values(reports).flatMap(({ checks }) =>
    checks.filter(({ met, measured }) => !met && !Number.isNaN(measured)),
  )
  return missed.length === 0 ? 0 : 1
}

process.exitCode = await main()
