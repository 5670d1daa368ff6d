/**
 * A network between two hosts that loses requests and answers, and brings requests twice and late.
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy to one address. */
export interface BadNetwork {
  readonly url: string
  /** What it did, by kind. */
  readonly did: Readonly<Record<Fate, number>>
  /** Sends what it held back, and behaves from now on. */
  heal(): Promise<void>
  close(): Promise<void>
}

const FATES = ['good', 'request lost', 'answer lost', 'twice', 'late'] as const
type Fate = (typeof FATES)[number]

/** Opens a proxy to `target`; `random` gives numbers below 1. */
export async function badNetwork(target: () => string, random: () => number): Promise<BadNetwork> {
  const did = Object.fromEntries(FATES.map((fate) => [fate, 0])) as Record<Fate, number>
  const late: (() => Promise<unknown>)[] = []
  let healed = false
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts)
    const headers = { 'content-type': request.headers['content-type'] ?? '' }
    const send = (): Promise<Response> =>
      fetch(`${target()}${request.url}`, { method: 'POST', headers, body })
    const draw = Math.floor(random() * 2 * FATES.length)
    const fate = (!healed && FATES[draw]) || 'good'
    did[fate]++
    try {
      if (fate === 'late') late.push(() => send().catch(() => {}))
      if (fate === 'late' || fate === 'request lost') return void request.socket.destroy()
      if (fate === 'twice') await send()
      const answer = await send()
      const bytes = Buffer.from(await answer.arrayBuffer())
      if (fate === 'answer lost') return void request.socket.destroy()
      response.writeHead(answer.status).end(bytes)
      if (late.length > 3) await late.shift()!()
    } catch {
      request.socket.destroy()
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    did,
    async heal() {
      healed = true
      for (const send of late.splice(0)) await send()
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
