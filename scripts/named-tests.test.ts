/**
 * Pages that say which test shows what: each fault of metering, each invariant of receipts has its
 * row, and the tests that the row names are there.
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '..')
/** Codes on each page: a letter, and how many there are of it. */
const PAGES = {
  'docs/decisions/metering-faults.md': { L: 12, S: 5, D: 5, M: 6, E: 12 },
  'docs/decisions/receipt-invariants.md': { I: 18 },
} as const

/** A test that a row names: by its file, and by what its title begins with or mentions. */
interface Named {
  readonly code: string
  readonly file: string
  /** Undefined: any test that is called after the code. */
  readonly title: string | undefined
}

function namedTests(page: string): Named[] {
  return page.split('\n').flatMap((line) => {
    const code = /^\| ([LSDMEI]\d+): /.exec(line)?.[1]
    if (code === undefined) return []
    const names = Array.from(line.matchAll(/`([\w/.-]+\.test\.ts)(?:: ([^`]+))?`/g))
    return names.map(([, file, title]) => ({ code, file: file!, title }))
  })
}

/** Titles of the tests in a file; none when it isn't there. */
function titlesIn(path: string): string[] {
  if (!existsSync(path)) return []
  const source = readFileSync(path, 'utf8')
  return Array.from(
    source.matchAll(/(?:\b(?:test|holds)\(\s*|\bname: )(['"`])(.+?)\1/g),
    ([, , title]) => title!,
  )
}

/** Whether a title is that of a test of a code: `L7, L8: …` is one of both. */
function isAbout(title: string, code: string): boolean {
  return /^((?:[LSDMEI]\d+, )*[LSDMEI]\d+): /.exec(title)?.[1]?.split(', ').includes(code) ?? false
}

function missing(named: readonly Named[], titles: (file: string) => readonly string[]): string[] {
  return named
    .filter(
      ({ code, file, title }) =>
        !titles(file).some((one) =>
          title === undefined ? isAbout(one, code) : one.startsWith(title),
        ),
    )
    .map(({ code, file, title = `${code}: …` }) => `${file} has no test "${title}"`)
}

for (const [page, letters] of Object.entries(PAGES))
  test(`${page}: each code has a row, and each row tests that are there`, () => {
    const named = namedTests(readFileSync(join(ROOT, page), 'utf8'))
    const codes = Object.entries(letters).flatMap(([letter, last]) =>
      Array.from({ length: last }, (_, i) => `${letter}${i + 1}`),
    )
    const rows = [...new Set(named.map(({ code }) => code))]
    assert.deepEqual(rows.toSorted(), codes.toSorted())
    assert.deepEqual(
      missing(named, (file) => titlesIn(join(ROOT, file))),
      [],
    )
  })

test('a row whose test is gone or called otherwise is found', () => {
  const row = (cell: string): Named[] => namedTests(`| L3: lost | how | ${cell} |`)
  const titles = (): string[] => ['L1, L3: kept', 'a title of its own']
  assert.deepEqual(missing(row('`a.test.ts`'), titles), [])
  assert.deepEqual(missing(row('`a.test.ts: a title`'), titles), [])
  assert.equal(missing(row('`a.test.ts: another`'), titles).length, 1)
  assert.equal(missing(row('`a.test.ts`'), () => ['L33: other', 'L1: other']).length, 1)
  assert.equal(missing(row('`a.test.ts`'), () => titlesIn('/nowhere')).length, 1)
})
