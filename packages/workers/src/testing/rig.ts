/**
 * For tests: the Worker in workerd, with its bucket and its journal on disk.
 * @module
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { build, type Metafile } from 'esbuild'
import { Miniflare } from 'miniflare'
import type { Bucket } from '../platform.ts'
import type { WritableBucket } from '../publish/publish.ts'

/** Date of the runtime's behaviour that is tested, as in wrangler.example.jsonc. */
export const COMPATIBILITY_DATE = '2026-07-01'
/** The flags: `node:crypto`, and aborts of a request as its signal. */
export const COMPATIBILITY_FLAGS: string[] = ['nodejs_compat', 'enable_request_signal']

/** Bundles an entry of this package with the conditions that wrangler bundles with. */
export async function bundle(entry: string): Promise<{ code: string; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [join(import.meta.dirname, entry)],
    bundle: true,
    format: 'esm',
    target: 'es2024',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['workerd', 'worker', 'browser', 'import'],
    external: ['cloudflare:*', 'node:*'],
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  return { code: outputFiles[0]!.text, metafile }
}

/** Modules of the runtime that a bundle imports. */
export function runtimeImports(metafile: Pick<Metafile, 'outputs'>): string[] {
  const outputs = Object.values(metafile.outputs)
  return outputs.flatMap(({ imports }) => imports.map(({ path }) => path)).toSorted()
}

/** A Worker that runs. */
export interface Workerd {
  /** Where its HTTP socket listens, with nothing between it and workerd. */
  readonly url: URL
  readonly bucket: Bucket & WritableBucket & { delete(key: string): Promise<void> }
  close(): Promise<void>
  /** Kills workerd and starts it anew on the same storage. */
  restart(): Promise<Workerd>
}

/** What workerd says of bodies that tests cut is noise, unless somebody looks for something. */
function logged(out: Readable, err: Readable): void {
  for (const stream of [out, err])
    if (process.env['TURNPIKE_WORKERD_LOG'] === undefined) stream.resume()
    else stream.pipe(process.stderr)
}

/** Variables of a Worker under test. */
export type Variables = Readonly<Record<string, string | number>>

/** Starts workerd with a bundle. Its storage is in a folder that `close` removes. */
export async function startWorkerd(
  code: string,
  variables: Variables,
  storage?: string,
): Promise<Workerd> {
  const folder = storage ?? (await mkdtemp(join(tmpdir(), 'turnpike-workerd-')))
  const others = await childrenNow()
  const miniflare = new Miniflare({
    name: 'turnpike',
    modules: true,
    script: code,
    compatibilityDate: COMPATIBILITY_DATE,
    compatibilityFlags: COMPATIBILITY_FLAGS,
    bindings: { ...variables },
    r2Buckets: ['CONTENT'],
    durableObjects: { JOURNAL: { className: 'JournalObject', useSQLite: true } },
    r2Persist: join(folder, 'r2'),
    durableObjectsPersist: join(folder, 'objects'),
    unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
    cf: false,
    handleRuntimeStdio: logged,
  })
  const close = async (): Promise<void> => {
    await miniflare.dispose()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await miniflare.ready
  } catch (error) {
    await close()
    throw error
  }
  return {
    url: await miniflare.unsafeGetDirectURL(),
    bucket: (await miniflare.getR2Bucket('CONTENT')) as unknown as Workerd['bucket'],
    close,
    async restart() {
      for (const pid of await childrenNow()) if (!others.has(pid)) process.kill(pid, 'SIGKILL')
      await miniflare.dispose()
      return startWorkerd(code, variables, folder)
    },
  }
}

/** Child processes of this one, where Linux tells: miniflare does not say which is its workerd. */
async function childrenNow(): Promise<ReadonlySet<number>> {
  const path = `/proc/self/task/${process.pid}/children`
  const text = await readFile(path, 'utf8').catch(() => '')
  return new Set(text.split(' ').filter(Boolean).map(Number))
}
