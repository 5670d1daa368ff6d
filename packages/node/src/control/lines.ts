/**
 * Messages on the control socket: one JSON value a line.
 * @module
 */
import type { Socket } from 'node:net'

/** A request: the first and only line that a client sends. */
export interface ControlRequest {
  readonly method: string
  readonly params: unknown
}

/** An answer's last line has `ok` or `error`; any number of lines with `progress` come before. */
export type ControlMessage =
  | { readonly progress: unknown }
  | { readonly ok: unknown }
  | { readonly error: { readonly name: string; readonly message: string } }

/** Writes one message; false when the other side is slow to read. */
export function writeLine(socket: Socket, message: ControlRequest | ControlMessage): boolean {
  return socket.write(`${JSON.stringify(message)}\n`)
}

/**
 * Calls `onLine` for each line of a socket and `onTooLong`, once, when a line passes the bound;
 * nothing is read from then on.
 */
export function readLines(
  socket: Socket,
  bytesMax: number,
  onLine: (line: string) => void,
  onTooLong: () => void,
): void {
  const parts: Buffer[] = []
  let bytes = 0
  const onData = (chunk: Buffer): void => {
    let start = 0
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, start)) {
      parts.push(chunk.subarray(start, end))
      if (bytes + end - start > bytesMax) return stop()
      onLine(Buffer.concat(parts.splice(0)).toString('utf8'))
      bytes = 0
      start = end + 1
    }
    parts.push(chunk.subarray(start))
    bytes += chunk.length - start
    if (bytes > bytesMax) stop()
  }
  const stop = (): void => {
    socket.off('data', onData)
    parts.length = 0
    onTooLong()
  }
  socket.on('data', onData)
}
