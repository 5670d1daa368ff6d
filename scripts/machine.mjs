/**
 * Installs the programs that some tests run, where that is possible: `node scripts/machine.mjs`, as
 * root on Debian or Ubuntu. `.ci/run` does it; where a program is absent, its tests are skipped.
 * @module
 */
import { spawnSync } from 'node:child_process'

const INSTALL_TIMEOUT_MS = 10 * 60_000

/** Debian's package of each program. */
const PACKAGES = { chromium: 'chromium', nginx: 'nginx-light', curl: 'curl' }

const has = (program, flag) => spawnSync(program, [flag], { stdio: 'ignore' }).error === undefined

/** What can't be installed is said, and is no failure: the tests say what they skip. */
function main() {
  const absent = Object.keys(PACKAGES).filter((program) => !has(program, '--version'))
  if (absent.length === 0) return
  const names = absent.map((program) => PACKAGES[program])
  if (process.getuid?.() !== 0 || !has('apt-get', '--version')) {
    console.log(
      `absent: ${absent.join(', ')}; needs root and apt-get to install ${names.join(' ')}`,
    )
    return
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const aptGet = (...args) =>
    spawnSync('apt-get', args, { stdio: 'ignore', env, timeout: INSTALL_TIMEOUT_MS }).status === 0
  aptGet('update', '-q')
  for (const name of names)
    console.log(
      aptGet('install', '-qy', '--no-install-recommends', name)
        ? `installed ${name}`
        : `could not install ${name}`,
    )
}

main()
