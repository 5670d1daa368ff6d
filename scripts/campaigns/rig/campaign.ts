/**
 * What all campaigns share: their command line, their checks, their report.
 * @module
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Random } from './random.ts'
import { endProcesses } from './turnpike.ts'

/** Failures that a report names; more are counted only. */
const FAILURES_NAMED_MAX = 20

/** Figures of a report, by name; units stand last in the names. */
export type Figures = Readonly<Record<string, number | string>>

/** Checks of one campaign: counts those that held, keeps what the others say. */
export class Checks {
  held = 0
  readonly failures: string[] = []

  /** Notes that `isTrue` held, or else what `claim` says. */
  that(isTrue: boolean, claim: string): void {
    if (isTrue) this.held += 1
    else this.failures.push(claim)
  }

  equal(got: unknown, expected: unknown, what: string): void {
    this.that(got === expected, `${what}: expected ${String(expected)}, got ${String(got)}`)
  }
}

/** What a campaign works with. */
export interface Context {
  readonly runs: number
  readonly random: Random
  /** A folder of its own, removed at the end. */
  readonly scratch: string
  readonly checks: Checks
  /** Tells whoever watches how far it is. */
  note(text: string): void
}

/** One campaign. */
export interface Campaign {
  readonly name: string
  /** What it shows, in one sentence. */
  readonly shows: string
  /** What `--runs` counts. */
  readonly runsAre: string
  readonly runs: number
  /** Why it can't run here, or undefined. */
  missing?(): string | undefined
  run(context: Context): Promise<Figures>
}

/** How a campaign went. */
export interface Report {
  readonly campaign: string
  readonly seed: number
  readonly runs: number
  readonly seconds: number
  readonly cores: number
  /** Load average of the last minute, at the end: others on the machine count in it, too. */
  readonly load: number
  readonly skipped?: string
  readonly checks: number
  readonly failures: readonly string[]
  readonly figures: Figures
}

/** How to run a campaign. */
export interface RunOptions {
  readonly runs?: number
  readonly seed?: number
  readonly note?: (text: string) => void
}

/**
 * Runs a campaign in a folder of its own.
 *
 * @example
 * const { failures } = await runCampaign(hangups, { runs: 100 })
 */
export async function runCampaign(campaign: Campaign, options: RunOptions = {}): Promise<Report> {
  const { runs = campaign.runs, seed = Date.now() >>> 0, note = () => {} } = options
  const skipped = campaign.missing?.()
  const checks = new Checks()
  const started = performance.now()
  let figures: Figures = {}
  const scratch = await mkdtemp(join(tmpdir(), `turnpike-${campaign.name}-`))
  try {
    const random = new Random(seed)
    if (skipped === undefined) figures = await campaign.run({ runs, random, scratch, checks, note })
  } finally {
    await endProcesses()
    await rm(scratch, { recursive: true, force: true })
  }
  return {
    campaign: campaign.name,
    seed,
    runs,
    seconds: Math.round((performance.now() - started) / 100) / 10,
    cores: availableParallelism(),
    load: Math.round(loadavg()[0]! * 10) / 10,
    ...(skipped === undefined ? {} : { skipped }),
    checks: checks.held,
    failures: checks.failures.slice(0, FAILURES_NAMED_MAX),
    figures: { ...figures, failures: checks.failures.length },
  }
}

/** Runs a campaign from the command line; sets the exit code. */
export async function campaignMain(campaign: Campaign): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return console.log(helpOf(campaign))
  const report = await runCampaign(campaign, {
    ...(values.runs === undefined ? {} : { runs: wholeNumber('--runs', values.runs) }),
    ...(values.seed === undefined ? {} : { seed: wholeNumber('--seed', values.seed) }),
    note: (text) => console.error(text),
  })
  console.log(values.json ? JSON.stringify(report) : describeReport(report))
  process.exitCode = report.failures.length === 0 ? 0 : 1
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text)
  throw new RangeError(`${flag} expected a whole number, got ${JSON.stringify(text)}`)
}

function helpOf({ name, shows, runs, runsAre }: Campaign): string {
  return `node scripts/campaigns/${name}.ts [--runs N] [--seed N] [--json]

${shows}

  --runs N   ${runsAre}. Default: ${runs}.
  --seed N   Chance starts here; a report names its seed. Default: another each time.
  --json     Print the report as one line of JSON.`
}

/** A report for people. */
export function describeReport(report: Report): string {
  const { campaign, seed, runs, seconds, skipped, checks, failures, figures } = report
  if (skipped !== undefined) return `${campaign}: skipped, ${skipped}`
  return [
    `${campaign}: ${runs} runs, seed ${seed}, ${seconds} s, ${checks} checks held`,
    ...Object.entries(figures).map(([name, value]) => `  ${name}: ${value}`),
    ...failures.map((failure) => `  FAILED ${failure}`),
  ].join('\n')
}
