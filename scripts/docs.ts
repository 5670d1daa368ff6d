/**
 * `npm run docs`: writes the pages that derive from code.
 * @module
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { cliPage } from '../packages/cli/src/cli-page.ts'
import { settingsPage } from '../packages/node/src/config/describe.ts'
import { absent } from '../packages/gateway/src/testing/conformance/fixtures.ts'
import { groupLines } from '../packages/gateway/src/testing/conformance/groups.ts'
import { GROUPS } from '../packages/gateway/src/testing/conformance/tables.ts'

const docs = resolve(import.meta.dirname, '../docs')
writeFileSync(resolve(docs, 'operating/settings.md'), settingsPage())
writeFileSync(resolve(docs, 'reference/cli.md'), await cliPage())

// Its table counts rows that are made from the suite's data.
if (absent === false) {
  const page = resolve(docs, 'operating/conformance.md')
  const lines = ['| group | suite | ours |', '| --- | ---: | ---: |', ...groupLines(GROUPS)]
  const text = readFileSync(page, 'utf8').replace(
    /^\| group [^]*?\n(?!\|)/m,
    `${lines.join('\n')}\n`,
  )
  writeFileSync(page, text)
  const formatter = resolve(docs, '../node_modules/oxfmt/bin/oxfmt')
  execFileSync(process.execPath, [formatter, page], { stdio: 'ignore' })
}
