/**
 * For tests: a real browser, if the machine has one. Every host name leads it to this machine.
 * @module
 */
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const found = PATHS.find((path) => existsSync(path))

/** What a test that needs a browser passes as `skip`. */
export const noBrowser: string | false =
  found === undefined && 'no Chromium here: node scripts/machine.mjs installs it'

/** Starts the browser. The caller closes it. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: found!,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      '--host-resolver-rules=MAP * 127.0.0.1',
    ],
  })
}
