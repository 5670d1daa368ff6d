/**
 * A deployment in a process of its own, that a test kills: prints its address, and serves.
 * @module
 */
import { startDeployment } from '../../testing/deployment.ts'

const [data, plans] = process.argv.slice(2) as [string, string]
const one = await startDeployment(data, { plans })
process.stdout.write(`${one.url}\n`)
