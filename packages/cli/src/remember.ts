/**
 * What `turnpike start` added last, so that the same folder is not read again at each start.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

function notePath(data: string): string {
  return join(data, 'start.json')
}

/** CID that the folder with this key became last time. Only a hint: it may have been withdrawn. */
export function recallStart(data: string, key: string): string | undefined {
  try {
    const note = JSON.parse(readFileSync(notePath(data), 'utf8')) as Record<string, unknown> | null
    return note?.key === key && typeof note.cid === 'string' ? note.cid : undefined
  } catch {
    return undefined
  }
}

/** Remembers it. The note can be lost without harm. */
export function rememberStart(data: string, key: string, cid: string): void {
  writeFileSync(notePath(data), `${JSON.stringify({ key, cid })}\n`)
}
