/**
 * curl: somebody else's client, and its own count of what it received.
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'

/** Why curl can't be used here, or undefined. */
export function curlMissing(): string | undefined {
  return spawnSync('curl', ['--version']).status === 0 ? undefined : 'needs curl'
}

/** One download. */
export interface Fetch {
  readonly url: string
  /** File that the body goes to; its folder is made. */
  readonly output: string
}

/** What curl says of many downloads. */
export interface Fetched {
  readonly downloads: number
  /** Sum of `%{size_download}`. */
  readonly bytes: number
  readonly errors: string
}

/** Fetches all, several at once; `configPath` is a file that curl reads its work from. */
export async function curlAll(fetches: readonly Fetch[], configPath: string): Promise<Fetched> {
  const lines = fetches.map(
    ({ url, output }) => `url = ${JSON.stringify(url)}\noutput = ${JSON.stringify(output)}\n`,
  )
  const options = ['create-dirs', 'fail', 'no-progress-meter', 'write-out = "%{size_download}\\n"']
  await writeFile(configPath, `${options.join('\n')}\n${lines.join('')}`)
  const child = spawn('curl', ['--parallel', '--parallel-max', '8', '-K', configPath])
  let sizes = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (sizes += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  await once(child, 'close')
  const counts = sizes.trim().split('\n').map(Number)
  return { downloads: counts.length, bytes: counts.reduce((sum, one) => sum + one, 0), errors }
}
