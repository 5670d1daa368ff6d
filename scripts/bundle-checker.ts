/**
 * Bundles what self-checking statements run: `npm run docs` writes it, after any change of what it
 * is made from. A test compares.
 * @module
 */
import { join, resolve } from 'node:path'
import { build } from 'esbuild'

const folder = resolve(import.meta.dirname, '../packages/audit/src/page')

/** Path of the file that has the script. */
export const CHECKER_PATH: string = join(folder, 'checker.json')

/** The file's text: JSON with the script, which stands inline in a page. */
export async function checkerText(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(folder, 'browser.ts')],
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
  if (/<\/script|<!--/i.test(script)) throw new Error('script expected to stand in a page')
  return `${JSON.stringify({ script }, null, 2)}\n`
}
