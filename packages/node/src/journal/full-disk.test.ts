import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { open, rm, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'
import { listWals } from './files.ts'
import { freeReserve } from './room.ts'
import { journalSource } from './source.ts'
import { groupOf, groupsIn, openSmall, record, SMALL } from './testing/folder.ts'

const MOUNT = 'TURNPIKE_TEST_SMALL_DISK'
const mount = process.env[MOUNT]
const DISK_BYTES = 512 * 1024

/** Runs this file again where a file system of half a MiB is mounted, without any rights. */
function inSmallDisk(folder: string): { status: number | null; text: string } {
  const script = `mount -t tmpfs -o size=${DISK_BYTES} tmpfs "$1" && exec "$2" --test "$3"`
  const file = fileURLToPath(import.meta.url)
  // A test's child must not take part in its parent's protocol.
  const { NODE_TEST_CONTEXT: _, ...environment } = process.env
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['-rm', 'sh', '-c', script, 'sh', folder, process.execPath, file],
    { env: { ...environment, [MOUNT]: folder }, encoding: 'utf8' },
  )
  return { status, text: `${stdout}${stderr}` }
}

function canMount(): boolean {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Writes a file until the disk is full. */
async function takeAll(path: string): Promise<void> {
  const handle = await open(path, 'w')
  const page = new Uint8Array(4096)
  try {
    for (;;) await handle.write(page)
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC')
  } finally {
    await handle.close()
  }
}

if (mount === undefined) {
  const skip = canMount() ? false : 'needs unshare(1) and user namespaces to mount a small disk'
  test('a disk that is really full is waited out', { skip }, () => {
    const { status, text } = inSmallDisk('/mnt')
    assert.equal(status, 0, text)
    assert.match(text, /pass 1\b/, 'it ran there')
  })
} else {
  test('no room, no admission; the reserve lets the log catch up; then it goes on', async () => {
    const folder = `${mount}/journal`
    const options = { reserveBytes: 100_000 }
    const journal = await openSmall(folder, options)
    let count = 0
    const fillUp = async (): Promise<void> => {
      for (let tries = 0; tries < 20; tries++) {
        const read = journal.admit()
        if (read === undefined) {
          await sleep(5)
          continue
        }
        tries = 0
        read.end(groupOf(count++))
        await journal.flush()
      }
    }
    // First by the journal alone, which stops when no next file fits.
    await fillUp()
    assert.match(String(journal.stats.roomError), /ENOSPC/)
    assert.equal(journal.hasRoom, false)
    assert.ok(count > 300, `several files were filled, got ${count} reads`)
    // Somebody else takes what is left: nothing that was promised needs it.
    await takeAll(`${mount}/other`)
    // The sequencer gets its reserve, and lets files go.
    await freeReserve(folder)
    await sleep(50)
    await writeFile(`${mount}/log`, new Uint8Array(options.reserveBytes))
    assert.match(String(journal.stats.roomError), /sequencer has the reserve/)
    await journalSource(folder, 'a').release(journal.stats.durable)
    for (let i = 0; i < 400 && journal.stats.roomBytes < SMALL.fileBytes! / 2; i++) await sleep(5)
    record(journal, count++, 1)
    await journal.flush()
    assert.equal(journal.stats.roomError, undefined)
    assert.equal(journal.hasRoom, true)
    await rm(`${mount}/other`)
    await journal.close()
    const kept = await groupsIn(folder, (await listWals(folder))[0]!.first)
    assert.deepEqual(kept.at(-1), groupOf(count - 1))
  })
}
