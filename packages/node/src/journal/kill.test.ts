import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { decodeEntry } from '@turnpike/core/log/decode'
import type { ReadEntry } from '@turnpike/core/log/entry'
import { MARK_BYTES } from '@turnpike/core/limits/log'
import { journalSource } from './source.ts'
import { openSmall, tempFolder } from './testing/folder.ts'

/** Rounds of two kills each; more by TURNPIKE_KILL_RUNS. */
const RUNS = Number(process.env['TURNPIKE_KILL_RUNS'] ?? 3)
/** How long a mark may be on its way to the kernel on a busy machine. */
const MARK_LATENCY_MS = 250

/** What the child said before it was killed. */
interface Said {
  readonly durable: ReadonlySet<number>
  /** For each read with a body, what its client had, and when. */
  readonly sent: ReadonlyMap<number, readonly { bytes: number; ms: number }[]>
  readonly killedMs: number
}

/** Kills a child `afterMs` after its first word, or after its start if it may still be opening. */
async function runAndKill(
  folder: string,
  first: number,
  afterMs: number,
  mayBeOpening: boolean,
): Promise<Said> {
  const script = fileURLToPath(new URL('testing/kill-child.ts', import.meta.url))
  const child = spawn(process.execPath, [script, folder, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  const ended = once(child, 'close')
  if (!mayBeOpening) await once(child.stdout, 'data')
  await sleep(afterMs)
  const killedMs = Date.now()
  child.kill('SIGKILL')
  await ended
  assert.equal(child.signalCode, 'SIGKILL', 'the child lived until it was killed')
  const durable = new Set<number>()
  const sent = new Map<number, { bytes: number; ms: number }[]>()
  for (const line of text.split('\n').slice(0, -1)) {
    const [word, read, bytes, ms] = line.split(' ')
    const number = Number(read)
    if (word === 'durable') durable.add(number)
    else if (sent.has(number)) sent.get(number)!.push({ bytes: Number(bytes), ms: Number(ms) })
    else sent.set(number, [{ bytes: Number(bytes), ms: Number(ms) }])
  }
  return { durable, sent, killedMs }
}

const numberOf = ({ id }: ReadEntry): number =>
  new DataView(id.buffer, id.byteOffset, id.byteLength).getUint32(0)

/** Checks what is recorded of one run's reads against what the child said. */
function check(said: Said, reads: ReadonlyMap<number, ReadEntry>): void {
  for (const number of said.durable) assert.ok(reads.has(number), `read ${number} was lost`)
  for (const [number, steps] of said.sent) {
    const recorded = Number(reads.get(number)?.bytes ?? 0n)
    const sent = steps.at(-1)!.bytes
    assert.ok(recorded <= sent, `read ${number}: recorded ${recorded} of ${sent}`)
    const settled = steps.findLast(({ ms }) => ms <= said.killedMs - MARK_LATENCY_MS)?.bytes ?? 0
    assert.ok(recorded > settled - MARK_BYTES, `read ${number}: ${recorded}, sent ${settled}`)
  }
}

test(`no acknowledged entry is lost in ${2 * RUNS} kills, and marks bound the rest`, async (t) => {
  const folder = await tempFolder(t)
  const source = journalSource(folder, 'kill')
  const reads = new Map<number, ReadEntry>()
  let live = Promise.resolve()
  let position = 0
  let first = 0
  let acknowledged = 0
  let recovered = 0
  const collect = async (): Promise<void> => {
    for (;;) {
      const { groups, nextEntry } = await source.read(position, 65_536)
      if (groups.length === 0) return
      for (const group of groups) {
        const decoded = decodeEntry(group[0]!).ok
        assert.equal(decoded?.kind, 'read', 'a group begins with its READ')
        const read = decoded.entry as ReadEntry
        assert.ok(!reads.has(numberOf(read)), `read ${numberOf(read)} is recorded twice`)
        assert.equal(group.length, read.bytes > 0n ? 1 : 2, 'groups are whole')
        reads.set(numberOf(read), read)
      }
      position = nextEntry
    }
  }
  for (let run = 0; run < RUNS; run++) {
    // What a reader beside the living process has seen must be there after the kill.
    const reading = setInterval(() => (live = live.then(collect)), 20)
    const one = await runAndKill(folder, first, 20 + Math.random() * 600, false)
    clearInterval(reading)
    await live
    // The second finds what the first left, and may be killed while it recovers that.
    const two = await runAndKill(folder, first + 500_000, 100 + Math.random() * 300, true)
    const journal = await openSmall(folder)
    recovered += journal.stats.recovered
    await collect()
    check(one, reads)
    check(two, reads)
    acknowledged += one.durable.size + two.durable.size
    await source.release(position)
    await journal.close()
    first += 1_000_000
  }
  t.diagnostic(`${acknowledged} acknowledged, ${reads.size} recorded, ${recovered} recovered`)
  assert.ok(acknowledged > 0)
})
