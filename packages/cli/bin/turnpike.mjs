#!/usr/bin/env node
/**
 * `turnpike`: runs the command line on a Node that is new enough.
 * Plain JavaScript, because the machine's own Node may be older than what the sources need.
 * @module
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** First Node with stable type stripping and every API in use. */
const NODE_MIN = [24, 12]

function newEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
}

/** The Node that is pinned beside us, or undefined when there is none for this machine. */
function pinnedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const { resolve } = nodeModule.createRequire(import.meta.url)
  for (const name of ['node', 'node-bin']) {
    try {
      const folder = dirname(resolve(`${name}-${platform}-${process.arch}/package.json`))
      const path = join(folder, 'bin', platform === 'win' ? 'node.exe' : 'node')
      if (existsSync(path)) return path
    } catch {
      // Not installed: the next name, or none.
    }
  }
  return undefined
}

/** Runs this file again on `node`, which gets signals sent to this process. */
function runOn(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  // The terminal sends Ctrl-C to the child as well: to send it again would count as a second one.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('close', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}

async function run() {
  // One known warning is left out: `node:sqlite` calls itself experimental in Node 24.
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.error(`${warning.name}: ${warning.message}`)
  })
  // Sources that were stripped and compiled once are not again: a start takes half the time, and
  // 48 MiB less, since no thread loads the stripper (measured). Threads and workers read the
  // variable.
  nodeModule.enableCompileCache()
  const cache = nodeModule.getCompileCacheDir()
  if (cache !== undefined) process.env.NODE_COMPILE_CACHE ??= cache
  // In the repository the sources run as they are; a published package has only `dist`.
  const source = new URL('../src/main.ts', import.meta.url)
  const built = new URL('../dist/main.js', import.meta.url)
  const { main } = await import(existsSync(source) ? source : built)
  process.exitCode = await main(process.argv.slice(2))
}

if (newEnough(process.versions.node)) await run()
else {
  const node = pinnedNode()
  if (node !== undefined) runOn(node)
  else {
    console.error(
      `turnpike needs Node ${NODE_MIN.join('.')} or later; this is ${process.versions.node}. ` +
        'Install Node 24 and run again.',
    )
    process.exitCode = 1
  }
}
