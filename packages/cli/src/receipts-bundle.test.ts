/**
 * A customer's statement with its proofs, as commands make it and as a browser shows it.
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import type { Verdict } from '@turnpike/audit/bundle/verdict'
import { verifyBundle } from '@turnpike/audit/bundle/verify'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { noBrowser, startBrowser } from '@turnpike/node/testing/chromium'
import { newFolder, running, turnpike } from './testing/commands.ts'

const site = resolve(import.meta.dirname, '../../../examples/site')
const READS = 3

const next = (digit: string): string => String((Number(digit) + 1) % 10)

test('the demo customer’s statement is verified; refused with one digit changed', async (t) => {
  const data = newFolder(t)
  const server = await running(t, ['start', site, '--data', data])
  for (let i = 0; i < READS; i++) await (await fetch(`${server.url}style.css`)).arrayBuffer()
  const bundle = async (name: string, ...words: string[]): Promise<string> => {
    const out = join(dirname(data), name)
    const who = ['--customer', 'demo@example.com', '--out', out, '--data', data]
    const made = await turnpike('receipts', 'bundle', ...who, ...words)
    assert.equal(made.code, 0, made.stderr)
    return out
  }
  const paths = [await bundle('demo.json'), await bundle('demo.html')] as const
  const verified = await turnpike('receipts', 'verify', ...paths, '--json')
  assert.equal(verified.code, 0, verified.stdout)
  const [{ verdict }] = verified.json.files as [{ verdict: Verdict }]
  assert.deepEqual([verdict.holds, verdict.pinned], [true, false])
  assert.ok(verdict.epochs.unsealedEntries >= READS)
  const text = readFileSync(paths[0], 'utf8')
  const changed = text.replace(/(?<=\\"egressBytes\\":)\d/, next)
  writeFileSync(paths[0], changed)
  const refused = await turnpike('receipts', 'verify', paths[0], '--vkey', verdict.log)
  assert.equal(refused.code, 1)
  assert.match(refused.stdout, /FAIL signatures.*\n +claim, statement: expected [0-9a-f]{64}, got/)
  assert.match(refused.stdout, /FAIL sums/)
  // What a page shows is held against its data, whatever the page says of itself.
  const changedPage = join(dirname(data), 'changed.html')
  const html = readFileSync(paths[1], 'utf8')
  writeFileSync(changedPage, html.replace('<main', '<p>Paid.</p><main'))
  const page = await turnpike('receipts', 'verify', changedPage)
  assert.equal(page.code, 1)
  assert.match(page.stdout, /page: expected what its data comes to, and no more, got other/)
  // Without a server it is made from the folder as it was left.
  assert.equal(await server.stop('SIGTERM'), 0)
  const later = readFileSync(await bundle('later.json', '--entries'), 'utf8')
  assert.ok(verifyBundle(later, {}, nodeCrypto).verdict.holds)
  await t.test('in a browser, without a network', { skip: noBrowser }, () => openAll(paths[1]))
})

/** Opens a page as it is, and with something changed. */
async function openAll(path: string): Promise<void> {
  const html = readFileSync(path, 'utf8')
  const browser = await startBrowser()
  try {
    const context = await browser.newContext({ offline: true })
    const opened = async (text: string, seen: string[] = []): Promise<string> => {
      writeFileSync(path, text)
      const page = await context.newPage()
      await page.goto(pathToFileURL(path).href)
      const isDone = 'document.documentElement.dataset.verdict !== undefined'
      const isSilent = text.includes('document.title')
      const timeout = isSilent ? 500 : 10_000
      await page.waitForFunction(isDone, undefined, { timeout }).catch(() => {})
      const shown = await page.innerText('#verdict .stamp')
      seen.push(await page.title(), await page.innerText('body'))
      await page.close()
      return shown
    }
    assert.match(await opened(html), /Verified/)
    // What lies beside the statement, or over it, is not shown as if it were checked.
    const fake = '<p>Paid. Nothing is due.</p>'
    const shadow = `<template shadowrootmode="open">${fake}</template>`
    const more = html
      .replace('<main', `${fake}<main`)
      .replace('<title>', '<title>Paid.')
      .replace('</body>', `${fake}</body>`)
    for (const changed of [
      more.replace('<body>', `<body>${shadow}`),
      html.replace('<main id="statement">', `<main id="statement">${shadow}`),
    ]) {
      const seen: string[] = []
      await opened(changed, seen)
      assert.match(seen[0]!, /^Statement, /)
      assert.match(seen[1]!, /Egress/)
      assert.doesNotMatch(seen.join(), /Paid/)
    }
    for (const [what, changed, stamp] of [
      ['a digit of the page', html.replace(/(?<=<small>[\d,]*)\d(?= bytes)/, next), /Refused/],
      ['a digit of the statement', html.replace(/(?<=\\"reads\\":)\d/, next), /Refused/],
      ['a digit of an entry', html.replace(/(?<="leaves":\[\[)\d/, next), /Refused/],
      ['something more', html.replace('</main>', '<p>Paid.</p></main>'), /Refused/],
      ['another script', html.replace('<script>', '<script>document.title="";'), /Not checked/],
    ] as const) {
      assert.notEqual(changed, html, what)
      assert.match(await opened(changed), stamp, what)
    }
  } finally {
    await browser.close()
  }
}
