/**
 * A process for `kill.test.ts` to kill: it records reads and says so on its standard output, each
 * line before the journal hears of it. Arguments: folder, number of its first read.
 *
 * `sent <read> <bytes> <ms>`: body bytes that a client has by now. `durable <read>`: the entry of a
 * read, and of all that were ended before it, is durable.
 * @module
 */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { encodeRead } from '@turnpike/core/log/encode'
import { MARK_BYTES } from '@turnpike/core/limits/log'
import type { OpenRead } from '@turnpike/core/ports/journal'
import { groupOf, openSmall, readOf } from './folder.ts'

/** Reads with a body that are under way at once. */
const BODIES = 4
/** Steps of a short body, over within some 50 ms, and of one that a kill will meet. */
const STEPS = [30, 3000] as const
/** Most bytes of a step. */
const STEP_BYTES = MARK_BYTES / 5

const say = (line: string): number => writeSync(1, `${line}\n`)

interface Body {
  readonly number: number
  readonly open: OpenRead
  bytes: number
  steps: number
}

const [folder = '', first = '0'] = process.argv.slice(2)
const journal = await openSmall(folder)
let next = Number(first)
let bodies: Body[] = []

async function admitted(): Promise<OpenRead> {
  for (;;) {
    const open = journal.admit()
    if (open !== undefined) return open
    await sleep(1)
  }
}

async function begin(): Promise<Body> {
  const open = await admitted()
  const number = next++
  await open.start(readOf(number, { ts: Date.now() }))
  return { number, open, bytes: 0, steps: 1 + Math.floor(Math.random() * STEPS[number % 2]!) }
}

/** Sends one piece of each body, and ends those that are done. */
function advance(body: Body): boolean {
  body.bytes += Math.ceil(Math.random() * STEP_BYTES)
  say(`sent ${body.number} ${body.bytes} ${Date.now()}`)
  body.open.mark(body.bytes, Date.now())
  if (--body.steps > 0) return true
  body.open.end([encodeRead(readOf(body.number, { bytes: BigInt(body.bytes) }))])
  const { number } = body
  void journal.flush().then(() => say(`durable ${number}`))
  return false
}

for (;;) {
  while (bodies.length < BODIES) bodies.push(await begin())
  bodies = bodies.filter(advance)
  for (let i = 0; i < 5; i++) {
    const open = await admitted()
    const number = next++
    open.end(groupOf(number))
    void journal.flush().then(() => say(`durable ${number}`))
  }
  await sleep(1)
}
