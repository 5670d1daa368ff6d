/**
 * What the kernel holds of connections, and how much it may hold at most (Linux).
 * @module
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'

/** Why the kernel's figures can't be had here, or undefined. */
export function kernelMissing(): string | undefined {
  return existsSync('/proc/net/tcp') ? undefined : 'needs /proc/net/tcp, which Linux has'
}

/** What the send buffer of one socket and the receive buffer of the other hold at most. */
export async function bufferBytesMax(): Promise<number> {
  const maxOf = async (name: string): Promise<number> =>
    Number((await readFile(`/proc/sys/net/ipv4/${name}`, 'utf8')).trim().split(/\s+/)[2])
  return (await maxOf('tcp_rmem')) + (await maxOf('tcp_wmem'))
}

/**
 * Bytes between two processes of this machine: written to `serverPort`'s connection with
 * `clientPort` by the server, and not read by the client. -1 when the client's side
 * of the connection is gone.
 */
export async function queuedBytes(clientPort: number, serverPort: number): Promise<number> {
  const rows = (await readFile('/proc/net/tcp', 'utf8')).trimEnd().split('\n').slice(1)
  let bytes = 0
  let isOpen = false
  for (const row of rows) {
    const [, local, remote, , queues] = row.trim().split(/\s+/)
    const localPort = Number.parseInt(local!.split(':')[1]!, 16)
    const remotePort = Number.parseInt(remote!.split(':')[1]!, 16)
    const [sending, waiting] = queues!.split(':').map((hex) => Number.parseInt(hex, 16))
    if (localPort === serverPort && remotePort === clientPort) bytes += sending!
    else if (localPort === clientPort && remotePort === serverPort) {
      bytes += waiting!
      isOpen = true
    }
  }
  return isOpen ? bytes : -1
}
