/**
 * Campaign: from reads and records to statements, through kills, redelivery, full disks and clocks
 * that are set. Statements equal an independent model of the log's entries, to the byte.
 * @module
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { accountFileName, statementsFolder } from '@turnpike/node/statements/files'
import { FakeStripe } from '@turnpike/node/stripe/testing/fake-stripe'
import { campaignMain, type Campaign, type Checks } from './rig/campaign.ts'
import { Random } from './rig/random.ts'
import { judge, readLines } from './billing/judge.ts'
import type { Line } from './billing/life.ts'
import { CUSTOMERS, START_MS, Script, stripeIdOf } from './billing/script.ts'
import type { Planned, Step } from './billing/script.ts'
import { Lives } from './billing/worker.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** Runs at once: each waits for its disk. */
const RUNS_AT_ONCE = 2
/** Failures after which no further run begins. */
const FAILURES_MAX = 20
/** Tries of what failed, after the faults. */
const TRIES_MAX = 3
/** Times that jobs run, an hour apart, after the faults. */
const STRIPE_TURNS = 2
const RETRIED: ReadonlySet<string> = new Set(['records', 'void', 'assign', 'release'])
/** Refusals that another try would meet, too. */
const REFUSED = /^(?:SpaceUnowned|NoSuchRead|SpaceOwned)/

/** The campaign. */
export const billingFaults: Campaign = {
  name: 'billing-faults',
  shows:
    'Whatever is killed, sent again, full or set, each read and record that was taken is in the ' +
    'log once, the audit holds, and statements are what the model says, to the byte.',
  runsAre: 'Folders, each with one to five lives',
  runs: 1000,
  async run({ runs, random, scratch, checks, note }) {
    const seeds = Array.from({ length: runs }, () => random.below(2 ** 32))
    const figures = { lives: 0, kills: 0, failedSteps: 0, entries: 0, statements: 0 }
    let next = 0
    const lane = async (): Promise<void> => {
      const lives = new Lives(join(scratch, 'cache'))
      const rivals = new Lives(join(scratch, 'cache'))
      try {
        // What is broken shows soon, and again and again.
        while (next < seeds.length && checks.failures.length < FAILURES_MAX) {
          const run = next++
          const one = await runOnce({ seed: seeds[run]!, scratch, checks, lives, rivals })
          for (const [name, value] of Object.entries(one))
            figures[name as keyof typeof figures] += value
          if ((run + 1) % 50 === 0) note(`${run + 1} of ${runs}, ${figures.kills} killed`)
        }
      } finally {
        await lives.end()
        await rivals.end()
      }
    }
    await Promise.all(Array.from({ length: RUNS_AT_ONCE }, lane))
    return figures
  },
}

interface OneRun {
  readonly seed: number
  readonly scratch: string
  readonly checks: Checks
  readonly lives: Lives
  /** Processes that want a folder that another has. */
  readonly rivals: Lives
}

type Figures = Record<'lives' | 'kills' | 'failedSteps' | 'entries' | 'statements', number>

/** One folder from its first life to its judgement. */
async function runOnce({ seed, scratch, checks, lives, rivals }: OneRun): Promise<Figures> {
  const name = `seed ${seed}`
  const script = new Script(new Random(seed))
  const folder = join(scratch, String(seed))
  const data = join(folder, 'data')
  const { server, ...stripe } = await openStripe(folder, script)
  const steps = new Map<number, Step>()
  const figures = { lives: 0, kills: 0, failedSteps: 0, entries: 0, statements: 0 }
  let startMs = START_MS
  let again: Step[] = []
  const live = async (
    own: readonly Step[],
    { fault, isContested = false }: Partial<Planned> = {},
  ): Promise<void> => {
    const all = [...again, ...own]
    const rival = isContested ? [script.plain('jobs'), script.plain('catchUp')] : []
    for (const step of [...all, ...rival]) steps.set(step.n, step)
    const life = { data, ...stripe, startMs, steps: all, fault }
    const [{ killed, error }, other] = await Promise.all([
      lives.live(life),
      isContested ? rivals.live({ ...life, steps: rival, fault: undefined }) : undefined,
    ])
    // One of them has the folder, or one after the other.
    const refused = [error, other?.error].filter((one) => one !== undefined)
    const isFine = refused.length <= (isContested ? 1 : 0) && !refused.some(isOther)
    checks.that(isFine, `${name}: ${refused.join()}`)
    figures.lives++
    if (killed) figures.kills++
    startMs += all.reduce((sum, step) => sum + (step.do === 'pass' ? step.ms : 0), 60_000)
    again = notDone(readLines(join(folder, 'lines')), all)
  }
  await live([script.plain('jobs')])
  for (const planned of script.lives()) await live(planned.steps, planned)
  // What failed, for want of room or for a clock that was set, is tried until it is done.
  for (let tries = 0; tries < TRIES_MAX && (tries === 0 || again.length > 0); tries++)
    await live([script.passing(HOUR_MS), script.plain('catchUp')])
  const left = again.map((step) => step.do).join()
  checks.equal(left, '', `${name}: steps that can't be done`)
  await live([...script.redelivery(), script.plain('catchUp')])
  // What Stripe refused to take now is sent after a while.
  server.faults.length = 0
  for (let i = 0; i < STRIPE_TURNS; i++) await live([script.passing(HOUR_MS), script.plain('jobs')])
  // Looked at before, so that no gap of a month looks like a clock that somebody set.
  const waiting = script.passing(monthEndMs(startMs) - startMs + DAY_MS)
  const closing = [script.plain('catchUp'), waiting, script.plain('jobs')]
  await live(closing)
  // A ledger that is counted again says the same of months that are closed: the job looks.
  const checking = [script.plain('rebuild'), script.plain('jobs')]
  await live(checking)
  const lines = readLines(join(folder, 'lines'))
  for (const { n } of [...closing, ...checking])
    for (const { what, told } of lines.filter((line) => line.n === n))
      checks.that(what !== 'failed', `${name}: ${steps.get(n)!.do} at the end: ${String(told)}`)
  figures.failedSteps = lines.filter(({ what }) => what === 'failed').length
  const statements = closedStatements(data)
  checks.that(statements.length > 0, `${name}: no month was closed`)
  const atStripe = (customer: string): bigint =>
    server.sum(stripeIdOf(customer), 'turnpike_egress_bytes')
  const run = { name, data, steps, lines, statements, atStripe }
  Object.assign(figures, await judge(run, checks))
  await server.close()
  if (checks.failures.length === 0) await rm(folder, { recursive: true })
  return figures
}

/** A server of Stripe's, whose clock is that of the lives. */
async function openStripe(
  folder: string,
  script: Script,
): Promise<{ server: FakeStripe; stripeKey: string; stripeApi: string }> {
  await mkdir(join(folder, 'data'), { recursive: true })
  const stripeKey = join(folder, 'stripe.key')
  writeFileSync(stripeKey, 'sk_test_campaign\n')
  const server = await FakeStripe.listen(
    () => readLines(join(folder, 'lines')).at(-1)?.nowMs ?? START_MS,
  )
  for (const customer of CUSTOMERS) server.customers.add(stripeIdOf(customer))
  server.faults.push(...script.stripeFaults())
  return { server, stripeKey, stripeApi: server.url }
}

/** Whether an error is another than that somebody else has the folder. */
function isOther(error: string): boolean {
  return !/^(?:FolderInUse|FolderBusy|AccountingStopped: log .* is in use)/.test(error)
}

/** Steps that were neither done nor refused for good: to be tried again. Reads are not. */
function notDone(lines: readonly Line[], steps: readonly Step[]): Step[] {
  const settled = new Set(
    lines
      .filter(({ what, told }) => what === 'done' || REFUSED.test(String(told)))
      .map(({ n }) => n),
  )
  return steps.filter((step) => RETRIED.has(step.do) && !settled.has(step.n))
}

/** Months with their statements, as the product closed them. */
function closedStatements(data: string): (readonly [string, string, string])[] {
  const folder = statementsFolder(data)
  if (!existsSync(folder)) return []
  const months = readdirSync(folder).filter((name) => /^\d{4}-\d{2}$/.test(name))
  return months.flatMap((month) =>
    [...CUSTOMERS, 'suspense'].flatMap((account) => {
      const path = join(folder, month, `${accountFileName(account)}.json`)
      return existsSync(path) ? [[month, account, readFileSync(path, 'utf8')] as const] : []
    }),
  )
}

/** When the month of a time is over. */
function monthEndMs(ms: number): number {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1)
}

if (import.meta.main) await campaignMain(billingFaults)
