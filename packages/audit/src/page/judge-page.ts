/**
 * What comes of a statement that stands in a page: whether the page shows what was checked.
 * @module
 */
import { BadBundle } from '../bundle/fields.ts'
import type { Verdict } from '../bundle/verdict.ts'
import { standingOfPage } from './page.ts'
import type { PageStanding } from './page.ts'

const NOTE =
  'The page has a script or a style that this version does not make: what it shows in a browser, ' +
  'and says of itself there, was not checked. Its figures, as it has them in its text, were.'

/**
 * The verdict on the bundle in a page, with what the page makes of it.
 *
 * @example
 * const verdict = await judgePage(html, verifyBundle(bundleInPage(html)!, {}, crypto).verdict)
 */
export async function judgePage(html: string, verdict: Verdict): Promise<Verdict> {
  const standing = await standingOf(html)
  if (standing === 'own') return verdict
  if (standing === 'another script') return { ...verdict, notes: [...verdict.notes, NOTE] }
  const finding = { where: 'page', expected: 'what its data comes to, and no more', found: 'other' }
  const checks = verdict.checks.map((check) =>
    check.name === 'sums'
      ? Object.assign({}, check, {
          holds: false,
          findings: [finding, ...check.findings],
          findingsCount: check.findingsCount + 1,
        })
      : check,
  )
  return { ...verdict, checks, holds: false }
}

async function standingOf(html: string): Promise<PageStanding> {
  try {
    return await standingOfPage(html)
  } catch (error) {
    if (!(error instanceof BadBundle)) throw error
    return 'another page'
  }
}
