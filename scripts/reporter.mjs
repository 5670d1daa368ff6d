/**
 * Test reporter: node's own `spec`, without a line for each test that passed.
 * @module
 */
import { Readable } from 'node:stream'
import { spec } from 'node:test/reporters'

/** Whether an event is worth a line: failures, skipped tests, and the summary at the end. */
function worthALine(event) {
  if (event.type !== 'test:pass') return event.type !== 'test:start'
  return event.data.skip !== undefined || event.data.todo !== undefined
}

async function* brief(events) {
  for await (const event of events) if (worthALine(event)) yield event
}

/** The reporter, as `--test-reporter` wants it. */
export default async function* reporter(events) {
  yield* Readable.from(brief(events)).compose(new spec())
}
