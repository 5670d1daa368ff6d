/**
 * A deployment that runs until it is killed, with settings from its arguments.
 * @module
 */
import { writeSync } from 'node:fs'
import type { Settings } from '../../config/settings.ts'
import { startDeployment } from '../../testing/deployment.ts'

const [dataDir, settings] = process.argv.slice(2) as [string, string]
const deployment = await startDeployment(dataDir, JSON.parse(settings) as Partial<Settings>)
writeSync(1, `${deployment.url}\n`)
