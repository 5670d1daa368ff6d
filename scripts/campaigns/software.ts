/**
 * Campaign: a folder of real software goes in and comes out again, bit by bit the same.
 * @module
 */
import { spawnSync } from 'node:child_process'
import { copyFile, lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { campaignMain, type Campaign, type Context } from './rig/campaign.ts'
import { curlAll, curlMissing, type Fetched } from './rig/curl.ts'
import { serve, turnpikeJson } from './rig/turnpike.ts'

const SOFTWARE = resolve(import.meta.dirname, '../../node_modules')
const PROFILES = ['unixfs-v1-2025', 'unixfs-v0-2015'] as const
/** Leaves out what is only large. */
const FILE_BYTES_MAX = 20_000_000
/** Hidden files and links that the second variant has besides. */
const HIDDEN = { '.hidden': 'seen on request\n', '.well-known/a b+c%20ü.txt': 'a name to escape\n' }
const LINKS = { 'link-to-file': '.hidden', 'link-to-folder': '.well-known', dangling: 'nothing' }

/** The campaign. */
export const software: Campaign = {
  name: 'software',
  shows:
    'A folder of real software, added with either profile, is fetched back bit-identical by curl ' +
    'and, through a CAR, from a second deployment; usage is what curl counted.',
  runsAre: 'Files, taken from this project’s own node_modules',
  runs: 3000,
  missing: () =>
    curlMissing() ?? (spawnSync('diff', ['--version']).status === 0 ? undefined : 'needs diff'),
  async run(context) {
    const { scratch, runs, note } = context
    const tree = join(scratch, 'tree')
    const files = await collect(tree, runs)
    const figures: Record<string, number> = { files }
    for (const [i, profile] of PROFILES.entries()) {
      // Only the second has hidden files and links.
      const flags = i === 0 ? [] : ['--hidden']
      if (i > 0) await addHidden(tree)
      note(`${profile}: ${files} files`)
      const got = await roundTrip(context, { tree, profile, flags })
      figures[`${profile} bytes`] = got.bytes
      figures[`${profile} seconds`] = got.seconds
    }
    return figures
  },
}

/** Copies packages until there are `count` files, no hidden ones and no links; how many. */
async function collect(tree: string, count: number): Promise<number> {
  let files = 0
  for (const name of (await readdir(SOFTWARE)).toSorted()) {
    if (name.startsWith('.') || name === '@turnpike') continue
    for (const entry of await readdir(join(SOFTWARE, name), {
      recursive: true,
      withFileTypes: true,
    })) {
      const path = join(entry.parentPath, entry.name)
      const to = join(tree, relative(SOFTWARE, path))
      if (!entry.isFile() || /(?:^|\/)\./.test(relative(SOFTWARE, path))) continue
      if ((await lstat(path)).size > FILE_BYTES_MAX) continue
      if (files === count) return files
      await mkdir(dirname(to), { recursive: true })
      await copyFile(path, to)
      files += 1
    }
  }
  return files
}

async function addHidden(tree: string): Promise<void> {
  await mkdir(join(tree, '.well-known'))
  for (const [name, text] of Object.entries(HIDDEN)) await writeFile(join(tree, name), text)
  for (const [name, target] of Object.entries(LINKS)) await symlink(target, join(tree, name))
}

interface Variant {
  readonly tree: string
  readonly profile: string
  readonly flags: readonly string[]
}

/** Adds, fetches as files and as a CAR, imports the CAR elsewhere, fetches again. */
async function roundTrip(
  context: Context,
  { tree, profile, flags }: Variant,
): Promise<{ readonly bytes: number; readonly seconds: number }> {
  const { checks, scratch } = context
  const started = performance.now()
  const first = join(scratch, `data-${profile}`)
  const second = join(scratch, `data-${profile}-of-car`)
  const car = join(scratch, 'all.car')
  const added = await turnpikeJson('add', tree, '--data', first, '--profile', profile, ...flags)
  const cid = String(added['cid'])
  const fetched = await fetchBack(context, { tree, data: first, cid, car })
  const imported = await turnpikeJson('add', '--car', car, '--data', second)
  checks.equal(imported['cid'], cid, 'root of the imported CAR')
  await fetchBack(context, { tree, data: second, cid })
  for (const folder of [first, second, car]) await rm(folder, { recursive: true })
  const seconds = Math.round((performance.now() - started) / 100) / 10
  return { bytes: fetched.bytes, seconds }
}

interface Back {
  readonly tree: string
  readonly data: string
  readonly cid: string
  /** Where a CAR of it all goes. */
  readonly car?: string
}

/** Fetches every file, compares the trees, and compares what was counted. */
async function fetchBack(
  { checks, scratch }: Context,
  { tree, data, cid, car }: Back,
): Promise<Fetched> {
  const out = join(scratch, 'out')
  const server = await serve(data)
  const base = `http://127.0.0.1:${server.port}/ipfs/${cid}`
  const entries = await readdir(tree, { recursive: true, withFileTypes: true })
  const names = entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(tree, join(entry.parentPath, entry.name)))
  const fetches = names.map((name) => ({
    url: `${base}/${name.split('/').map(encodeURIComponent).join('/')}`,
    output: join(out, name),
  }))
  if (car !== undefined) fetches.push({ url: `${base}?format=car`, output: car })
  const fetched = await curlAll(fetches, join(scratch, 'curl.conf'))
  checks.equal(fetched.errors, '', 'what curl complains of')
  checks.equal(fetched.downloads, fetches.length, 'downloads')
  await linksFromText(tree, out, names)
  const diff = spawnSync('diff', ['-r', '--no-dereference', tree, out], { encoding: 'utf8' })
  checks.that(diff.status === 0, `the same tree, but ${diff.stdout.slice(0, 1000)}`)
  const running = await turnpikeJson('usage', '--data', data)
  checks.equal((await server.stop('SIGINT')).code, 0, 'exit code of serve')
  const stopped = await turnpikeJson('usage', '--data', data)
  for (const [state, usage] of Object.entries({ running, stopped })) {
    checks.equal(usage['reads'], fetches.length, `usage.reads, ${state}`)
    checks.equal(usage['bytes'], fetched.bytes, `usage.bytes, ${state}`)
  }
  await rm(out, { recursive: true })
  return fetched
}

/** A link is answered with its target as text; makes links of those texts again. */
async function linksFromText(tree: string, out: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if (!(await lstat(join(tree, name))).isSymbolicLink()) continue
    const target = readFileSync(join(out, name), 'utf8')
    await rm(join(out, name))
    await symlink(target, join(out, name))
  }
}

if (import.meta.main) await campaignMain(software)
