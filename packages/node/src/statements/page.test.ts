import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { buildStatement } from '@turnpike/accounting/statement/build'
import { statementHtml, summaryHtml } from '@turnpike/accounting/statement/html'
import type { Statement } from '@turnpike/accounting/statement/statement'
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { parsePeriod } from '@turnpike/core/billing/period'
import { FREE_PLAN } from '@turnpike/core/billing/plan'
import { STATEMENT_PAGE_LINES_MAX } from '@turnpike/core/limits/billing'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { CustomerDid } from '@turnpike/core/ports/provisioning'
import { Books } from '../billing/testing/books.ts'
import { noBrowser, startBrowser } from '../testing/chromium.ts'

const NOVEMBER = parsePeriod('2026-11')!
const FIRST = NOVEMBER.firstEpoch
const ALICE: CustomerDid = 'did:mailto:example.com:alice'
const SPACES: readonly SpaceDid[] = [
  'did:key:z6MkqL5YzY4vcTL1VzMSPxKJ52ULBsTLYz1otHg7SxhqLc38',
  'did:key:z6MkfGzHd8aJr2qYCyQeXwuBDsBdkzSPxL6yXsLkJ3yPqD7n',
]
const GIB = 2n ** 30n

/** A month in which Alice changed her plan, read a lot, and was credited something. */
async function aliceStatement(t: TestContext): Promise<Statement> {
  const books = new Books()
  t.after(() => books.close())
  const terms = { includedBytes: 50n * GIB, tiers: [], overageMicrosPerGib: 50_000n }
  const tiers = [{ upToBytes: 100n * GIB, microsPerGib: 40_000n }]
  const lite = { ...FREE_PLAN, id: 'did:web:lite.example', name: 'Lite <b>', currency: 'EUR' }
  const planOf = (feeMicros: bigint, egress: typeof terms): typeof FREE_PLAN => ({
    ...lite,
    feeMicros,
    egress: { ...FREE_PLAN.egress, ...egress },
    storage: terms,
  })
  const business = {
    ...planOf(100_000_000n, { ...terms, tiers: tiers as never[], overageMicrosPerGib: 30_000n }),
    id: 'did:web:business.example',
    name: 'Business',
  }
  const standard = planOf(10_000_000n, terms)
  books.plans = { byId: new Map([[business.id, business]]), standard }
  books.opening = { ...books.opening, creditBytes: 5n * GIB }
  books.addCustomer(ALICE, FIRST)
  books.provisioning.setPlan(ALICE, business.id, (FIRST + 400) * EPOCH_MS)
  for (const space of SPACES) {
    books.rig.change({ space, atMs: (FIRST + 30) * EPOCH_MS, bytes: 80n * GIB })
    books.assign(space, ALICE, FIRST + 20)
    for (let hour = 24; hour < 700; hour += 7) {
      const bytes = BigInt(((hour * 7919) % 97) + 3) * (GIB / 17n)
      books.read({ epoch: FIRST + hour, space, bytes })
    }
  }
  const { ok: statement, error } = await buildStatement(books.sources(NOVEMBER.endEpoch), ALICE, {
    period: NOVEMBER,
    asOfEntry: null,
  })
  assert.equal(error, undefined)
  return statement!
}

test('a page stands alone, runs nothing, and shows text as text', async (t) => {
  const statement = await aliceStatement(t)
  const html = statementHtml(statement, 'ab'.repeat(32))
  assert.doesNotMatch(html, /<script|src=|href=|url\(|@import/)
  assert.match(html, /Lite &lt;b&gt;/)
  assert.match(html, new RegExp('ab'.repeat(32)))
  assert.match(html, /November 2026/)
  const account = { account: '<i>', digest: '00', due: [], ...statement.total }
  const { status, period, gateway, total } = statement
  const summary = { status, period, gateway, total, asOfEntry: 12_345, accounts: [account] }
  const all = summaryHtml(summary, 'cd')
  assert.match(all, /&lt;i&gt;/)
  assert.match(all, /log entry 12,345/)
})

test('a page shows 2,000 lines, and says how many more there are', async (t) => {
  const statement = await aliceStatement(t)
  const line = statement.lines.find(({ reads }) => reads > 0)
  const lines = Array.from({ length: STATEMENT_PAGE_LINES_MAX + 1 }, () => line!)
  const html = statementHtml({ ...statement, lines }, '')
  assert.match(html, /2,001 lines, a space and hour each/)
  assert.match(html, /<p>1 lines more are in the JSON and the CSV/)
})

/** Paper is white, what is folded is left out, and nothing is cut off by a scroller. */
const PRINTED = `[
  getComputedStyle(document.documentElement).getPropertyValue('--paper').trim(),
  document.querySelector('details').getBoundingClientRect().height,
  getComputedStyle(document.querySelector('.scroll')).overflowX,
]`

test('pages fit a phone and a printed page', { skip: noBrowser, timeout: 60_000 }, async (t) => {
  const statement = await aliceStatement(t)
  const browser = await startBrowser()
  t.after(() => browser.close())
  const html = statementHtml(statement, 'ab'.repeat(32))
  const shots = process.env['TURNPIKE_SCREENSHOTS']
  // Between its margins an A4 page is 180 mm wide: 680 px.
  for (const [name, width, colorScheme, media] of [
    ['desktop', 1200, 'light', 'screen'],
    ['phone', 390, 'light', 'screen'],
    ['dark', 1200, 'dark', 'screen'],
    ['phone-dark', 390, 'dark', 'screen'],
    ['print', 680, 'dark', 'print'],
  ] as const) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme })
    await page.emulateMedia({ media, colorScheme })
    await page.setContent(html)
    const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    assert.equal(overflow, 0, name)
    if (shots !== undefined) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true })
    if (media === 'print') assert.deepEqual(await page.evaluate(PRINTED), ['#fff', 0, 'visible'])
    await page.close()
  }
})
