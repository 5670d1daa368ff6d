/**
 * Makes a clone runnable: installs what is missing and finds the pinned Node.
 * Plain JavaScript, because the machine's own Node (20 or later) runs it.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder of the clone. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** First Node with stable type stripping and every API in use. */
const NODE_MIN = [24, 12]
/** An install that takes longer says that it is under way. */
const QUIET_MS = 1500

/**
 * Runs a program in the clone and resolves to its exit code. Signals reach it, and this process
 * outlives it, so that a Ctrl-C is handled once, where the work is done.
 */
export function run(program, args, { cwd = ROOT, env = process.env } = {}) {
  const child = spawn(program, args, { cwd, env, stdio: 'inherit' })
  const forward = (signal) => child.kill(signal)
  // The terminal sends Ctrl-C to the child as well: to send it again would count as a second one.
  const wait = () => {}
  process.on('SIGINT', wait)
  process.on('SIGTERM', forward)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      process.off('SIGINT', wait)
      process.off('SIGTERM', forward)
      resolve(code ?? (signal === 'SIGINT' ? 130 : 1))
    })
  })
}

/**
 * Path of the Node to run on: the one that the lock file pins, or this one when it is new enough.
 *
 * @throws {Error} when there is neither, saying what to install
 */
export function pinnedNode(root = ROOT) {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  for (const name of ['node', 'node-bin']) {
    const folder = join(root, 'node_modules', `${name}-${platform}-${process.arch}`)
    const path = join(folder, 'bin', platform === 'win' ? 'node.exe' : 'node')
    if (existsSync(path)) return path
  }
  if (newEnough(process.versions.node)) return process.execPath
  throw new Error(
    `Turnpike needs Node ${NODE_MIN.join('.')} or later; this is ${process.versions.node}, and ` +
      `no pinned Node exists for ${process.platform}-${process.arch}. ` +
      'Install Node 24 and run again.',
  )
}

/** Whether a Node version such as `24.12.0` can run the TypeScript sources as they are. */
export function newEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
}

/**
 * What `npm` has to do for the clone at `root`: `ci` when nothing is installed, `install` when what
 * is installed differs from the lock file, undefined when they agree.
 *
 * It compares versions and not file times: `git clone` and `npm` write the two files in any order.
 */
export function missing(root = ROOT) {
  const wanted = packagesOf(join(root, 'package-lock.json'))
  const installed = packagesOf(join(root, 'node_modules', '.package-lock.json'))
  if (wanted === undefined) return 'install'
  if (installed === undefined) return 'ci'
  for (const [path, { version, optional, link }] of Object.entries(wanted)) {
    if (!path.startsWith('node_modules/') || link) continue
    const found = installed[path]
    // An optional package may be for another platform.
    if (found === undefined ? !optional : found.version !== version) return 'install'
  }
  return undefined
}

function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages
  } catch {
    return undefined
  }
}

/**
 * Installs what is missing. Returns the exit code: 0 when the clone is ready.
 * No install script of any package is run; nothing here needs one.
 */
export async function ensure() {
  const command = missing()
  if (command === undefined) return 0
  const notice = setTimeout(() => {
    console.error('Installing what Turnpike needs (once, about 600 MB with its own Node) …')
  }, QUIET_MS)
  let { code, output } = await npm([command])
  // An older npm may hold a lock file for incomplete that a newer one wrote.
  if (/EUSAGE/.test(output)) ({ code, output } = await npm(['install', '--no-save']))
  clearTimeout(notice)
  if (code === 0) return 0
  console.error(explain(output))
  return code
}

/** Runs the npm that runs us, or the one on the PATH, and collects what it says. */
function npm(args) {
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  const own = process.env['npm_execpath']
  const child = own?.endsWith('.js')
    ? spawn(process.execPath, [own, ...args, ...quiet], { cwd: ROOT })
    : spawn('npm', [...args, ...quiet], { cwd: ROOT, shell: process.platform === 'win32' })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => (output = (output + chunk).slice(-16_384)))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, output: String(error) }))
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
}

/** Says in a sentence why an install failed, then what npm said. */
export function explain(output) {
  const said = output.trim()
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/.test(said))
    return `${said}\n\nThe packages could not be fetched: this machine seems to be offline, or npm's
registry is out of reach. Connect (or set npm's proxy) and run the command again; after the
first install nothing needs the network.`
  if (/ENOSPC/.test(said)) return `${said}\n\nThe disk is full: about 800 MB are needed.`
  return `${said}\n\nnpm could not install the packages. Its own words are above.`
}
