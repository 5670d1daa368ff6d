/**
 * A deployment that counts the reads of one other host, until it is killed.
 * @module
 */
import { writeSync } from 'node:fs'
import { startDeployment } from '../../testing/deployment.ts'

const [dataDir, source, port] = process.argv.slice(2) as [string, string, string]
await startDeployment(dataDir, { handFrom: [source], port: Number(port) })
writeSync(1, 'serving\n')
