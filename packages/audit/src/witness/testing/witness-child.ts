/**
 * A witness in a process of its own, to be killed: folder and a log's key are its arguments.
 * @module
 */
import { openWitness } from '../folder.ts'
import { startWitness } from '../server.ts'

const [directory = '', vkey = ''] = process.argv.slice(2)
const options = { directory, name: 'witness.example/w1', logs: [vkey], nowMs: Date.now }
const { url } = await startWitness(await openWitness(options), { host: '127.0.0.1', port: 0 })
process.stdout.write(`${url}\n`)
