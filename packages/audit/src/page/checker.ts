/**
 * The script that self-checking statements run, bundled from the verifier's own sources.
 * @module
 */
import { join } from 'node:path'
import { build } from 'esbuild'

let bundling: Promise<string> | undefined

/**
 * The script, which stands inline in a page; bundled once for each process, in a tenth of a second.
 *
 * @example
 * const script = await checkerScript()
 */
export function checkerScript(): Promise<string> {
  return (bundling ??= bundled())
}

async function bundled(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'browser.ts')],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    platform: 'browser',
    // The licence of what comes from others stays with it.
    legalComments: 'inline',
    charset: 'ascii',
  })
  const script = outputFiles[0]!.text.trim()
  if (/<\/script|<!--/i.test(script)) throw new TypeError('script expected to stand in a page')
  return script
}
