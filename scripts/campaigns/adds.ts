/**
 * Campaign: adds that are killed or interrupted, run again, withdrawn, collected.
 * @module
 */
import { readdir, stat, writeFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { campaignMain, type Campaign, type Checks, type Context } from './rig/campaign.ts'
import { ask } from './rig/client.ts'
import { contentOf } from './rig/random.ts'
import { addEach, launch, serve, turnpike, turnpikeJson } from './rig/turnpike.ts'

const FILES = 200
const FILE_BYTES = 100_000
const LARGE_BYTES = 150_000_000
const SHARED_BYTES = 5_000_000
const INTERRUPTED = 130
const ENDS = ['SIGKILL', 'SIGINT'] as const

/** The campaign. */
export const adds: Campaign = {
  name: 'adds',
  shows:
    'An add that is killed or interrupted at random leaves nothing visible; run again it ' +
    'gives the same CID. rm and gc free its room and leave shared content alone.',
  runsAre: 'Adds that are ended, by kill -9 and Ctrl-C in turn',
  runs: 20,
  async run(context) {
    const { scratch, runs, checks, random, note } = context
    const tree = await makeTree(scratch)
    const reference = join(scratch, 'reference')
    const started = performance.now()
    const [path] = await addEach(reference, [tree])
    const wholeMs = performance.now() - started
    const cid = path!.slice('/ipfs/'.length)
    const data = join(scratch, 'data')
    const kept = await addKept(context, data)
    let finished = 0
    for (let run = 0; run < runs; run++) {
      const end = ENDS[run % ENDS.length]!
      const done = await addEnded({ data, tree, end, waitMs: random.below(0.9 * wholeMs) }, checks)
      if (done) finished += 1
      note(`${run + 1} of ${runs}: ${end}${done ? ', was done before' : ''}`)
      if (done || random.below(2) === 0) await addAgain(context, { data, tree, cid })
    }
    await addAgain(context, { data, tree, cid })
    await checkShared(context, data, kept)
    return { ended: runs - finished, finishedBefore: finished, wholeAddMs: Math.round(wholeMs) }
  },
}

/** A folder of many small files and a large one. */
async function makeTree(scratch: string): Promise<string> {
  const tree = join(scratch, 'tree')
  await mkdir(tree)
  for (let i = 0; i < FILES; i++)
    await writeFile(join(tree, `${i}.bin`), contentOf(`file ${i}`, FILE_BYTES))
  await writeFile(join(tree, 'large.bin'), contentOf('large', LARGE_BYTES))
  return tree
}

/** Two roots that share a file; both stay while others come and go. */
async function addKept({ scratch }: Context, data: string): Promise<readonly string[]> {
  const shared = contentOf('shared', SHARED_BYTES)
  const folders = ['kept', 'other'].map((name) => join(scratch, name))
  for (const folder of folders) {
    await mkdir(folder)
    await writeFile(join(folder, 'shared.bin'), shared)
    await writeFile(join(folder, 'own.bin'), contentOf(folder, SHARED_BYTES))
  }
  const paths: string[] = []
  // One after another: the second finds the shared blocks there.
  for (const folder of folders) paths.push(...(await addEach(data, [folder])))
  return paths
}

interface Ended {
  readonly data: string
  readonly tree: string
  readonly end: (typeof ENDS)[number]
  readonly waitMs: number
}

/** Ends an add after a while; whether it was done before. */
async function addEnded({ data, tree, end, waitMs }: Ended, checks: Checks): Promise<boolean> {
  const { child, ended } = launch(['add', tree, '--data', data, '--json'])
  await sleep(waitMs)
  child.kill(end)
  const { code, signal, stdout, stderr } = await ended
  if (code === 0) return true
  if (end === 'SIGKILL') checks.equal(signal, 'SIGKILL', 'what ended the add')
  // Before it listens to signals, Ctrl-C ends it as it would any program.
  else checks.that(code === INTERRUPTED || signal === 'SIGINT', `exit ${code}: ${stdout}${stderr}`)
  return false
}

/** The same add, to its end: the same CID, the right bytes; then it goes, and its room with it. */
async function addAgain(
  { checks }: Context,
  { data, tree, cid }: { readonly data: string; readonly tree: string; readonly cid: string },
): Promise<void> {
  const added = await turnpikeJson('add', tree, '--data', data)
  checks.equal(added['cid'], cid, 'CID of the add that was run again')
  const server = await serve(data)
  for (const folder of ['blobs/temps', 'stages']) {
    const left = await readdir(join(data, folder)).catch(() => [])
    checks.equal(left.length, 0, `files left in ${folder}`)
  }
  for (const [name, bytes] of [
    ['0.bin', FILE_BYTES],
    ['large.bin', LARGE_BYTES],
  ] as const) {
    const { received, whole } = await ask({ port: server.port, path: `/ipfs/${cid}/${name}` })
    checks.that(whole && received === bytes, `${name} is served, ${received} bytes`)
  }
  const fullBytes = await sizeOf(join(data, 'blobs'))
  await turnpikeJson('rm', cid, '--data', data)
  await sleep(600)
  const gone = await ask({ port: server.port, path: `/ipfs/${cid}/0.bin` })
  checks.equal(gone.status, 404, 'status after rm')
  const freed = await turnpikeJson('gc', '--data', data)
  const leftBytes = await sizeOf(join(data, 'blobs'))
  checks.that(
    fullBytes - leftBytes > LARGE_BYTES,
    `gc frees room: ${fullBytes} before, ${leftBytes} after, says ${String(freed['bytes'])}`,
  )
  checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of serve')
}

/** Of two roots that share a file, one goes: the other stays whole. */
async function checkShared(
  { checks }: Context,
  data: string,
  [kept, other]: readonly string[],
): Promise<void> {
  const server = await serve(data)
  await turnpikeJson('rm', other!.slice('/ipfs/'.length), '--data', data)
  await turnpikeJson('gc', '--data', data)
  await sleep(600)
  for (const name of ['shared.bin', 'own.bin']) {
    const { received, whole } = await ask({ port: server.port, path: `${kept}/${name}` })
    checks.that(whole && received === SHARED_BYTES, `${name} of another root stays, ${received}`)
    const gone = await ask({ port: server.port, path: `${other}/${name}` })
    checks.equal(gone.status, 404, `${name} of the root that is gone`)
  }
  const again = await turnpike('rm', other!.slice('/ipfs/'.length), '--data', data)
  checks.equal(again.code, 3, 'exit code of a second rm')
  checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of serve')
}

async function sizeOf(folder: string): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  return bytes
}

if (import.meta.main) await campaignMain(adds)
