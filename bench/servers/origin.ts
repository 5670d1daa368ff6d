/**
 * A remote origin in a process of its own: the tests' origin, over the blobs of a data folder.
 *
 *     node bench/servers/origin.ts FILE…
 *
 * @module
 */
import { startTestOrigin } from '@turnpike/node/testing/origin'
import { openSync, readSync, statSync } from 'node:fs'
import { answerParent, usage } from './side-channel.ts'

/** What the origin was asked and sent since the last question. */
export interface OriginFigures {
  readonly requests: number
  readonly bytesSent: number
  readonly clientsLeft: number
  /** Bytes asked for by the requests, in their order. */
  readonly ranges: readonly string[]
}

/** Read anew for each request. */
const options: { delayMs?: number } = {}
const origin = await startTestOrigin(options)
process.argv.slice(2).forEach((file, i) => {
  const fd = openSync(file, 'r')
  origin.put(`/${i}.car`, {
    size: statSync(file).size,
    read(offset, length) {
      const bytes = Buffer.allocUnsafe(length)
      readSync(fd, bytes, 0, length, offset)
      return bytes
    },
  })
})

answerParent(
  { url: origin.url },
  {
    usage: () => usage(),
    /** Sets the wait before each 64 KiB of a body; 0 for none. */
    delay(ms: number): void {
      if (ms > 0) options.delayMs = ms
      else delete options.delayMs
    },
    /** Waits until no answer is under way, then tells and forgets. */
    async figures(): Promise<OriginFigures> {
      await origin.idle()
      const seen = origin.requests.splice(0).filter(({ method }) => method === 'GET')
      return {
        requests: seen.length,
        bytesSent: seen.reduce((sum, one) => sum + one.bytesSent, 0),
        clientsLeft: seen.filter((one) => one.clientLeft).length,
        ranges: seen.map((one) => `${one.url} ${one.range}`),
      }
    },
  },
)
