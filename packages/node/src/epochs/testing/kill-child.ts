/**
 * A process that leads epochs to final, and says how many are, until it is killed.
 * @module
 */
import { writeSync } from 'node:fs'
import { openKillWorld } from './kill-world.ts'

const world = await openKillWorld(process.argv[2]!)
for (;;) {
  await world.hour()
  await world.step()
  writeSync(1, `${world.epochs.progress().counts.final}\n`)
}
