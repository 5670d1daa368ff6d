/**
 * How a measured process tells its parent that it is ready, and what it has used.
 * @module
 */
import { readdirSync, readFileSync } from 'node:fs'

/** What a process has used since it started. */
export interface Usage {
  /** CPU time of the process and its child processes, all threads, in ms. */
  readonly cpuMs: number
  /** CPU time of the thread that serves, in ms. */
  readonly servingMs: number
  readonly peakRssBytes: number
  /** What else the server counts. */
  readonly counts: Readonly<Record<string, number>>
}

/** Clock ticks a second in `/proc`: 100 on every Linux that Node runs on. */
const TICK_MS = 10

/** What this process and its child processes have used. */
export function usage(counts: Readonly<Record<string, number>> = {}): Usage {
  const ms = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1000
  const children = childrenOf(process.pid)
  return {
    cpuMs: children.reduce((sum, pid) => sum + cpuMsOf(pid), ms(process.cpuUsage())),
    servingMs: ms(process.threadCpuUsage()),
    peakRssBytes: children.reduce((sum, pid) => sum + peakRssBytes(pid), peakRssBytes('self')),
    counts,
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'))
    .flatMap((text) => text.split(' ').filter((one) => one !== ''))
    .map(Number)
}

function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // After the name, which may hold anything: state is field 3, utime and stime are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * TICK_MS
}

function peakRssBytes(pid: number | 'self'): number {
  // maxRSS of getrusage would begin with what the parent had when it forked.
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024
}

/** Questions that a measured process answers, by name. */
export type Answers = Readonly<Record<string, (question: never) => unknown>>

/** Says that the process is ready, then answers each question of its parent until that leaves. */
export function answerParent(ready: object, answers: Answers, end?: () => Promise<void>): void {
  process.on('message', ({ id, ask, value }: { id: number; ask: string; value: unknown }) => {
    void Promise.resolve(answers[ask]!(value as never)).then((answer) =>
      process.send!({ id, answer }),
    )
  })
  process.on('disconnect', () => {
    void Promise.resolve(end?.()).then(() => process.exit())
  })
  process.send!({ ready })
}
