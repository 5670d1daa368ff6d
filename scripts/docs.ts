/**
 * `npm run docs`: writes the pages that derive from code.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { cliPage } from '../packages/cli/src/cli-page.ts'
import { settingsPage } from '../packages/node/src/config/describe.ts'

const docs = resolve(import.meta.dirname, '../docs')
writeFileSync(resolve(docs, 'operating/settings.md'), settingsPage())
writeFileSync(resolve(docs, 'reference/cli.md'), cliPage())
