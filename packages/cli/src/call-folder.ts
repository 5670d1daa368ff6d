/**
 * Calls an operation of a data folder: of the server that runs, or without one.
 * @module
 */
import { callOrOpen } from '@turnpike/node/control/client'
import type { LoadedSettings } from '@turnpike/node/config/load'
import { openHere } from '@turnpike/node/owner/open-here'
import { needFolder } from './need-folder.ts'

/**
 * The answer of an operation.
 *
 * @throws its error
 * @example
 * const quota = (await callFolder(loaded, 'quota', { customer }, signal)) as ShownQuota
 */
export async function callFolder(
  { settings }: LoadedSettings,
  operation: string,
  params: object,
  signal: AbortSignal,
): Promise<NonNullable<unknown>> {
  const { data } = settings
  needFolder(data)
  const called = await callOrOpen(data, () => openHere(data, settings), operation, params, {
    signal,
  })
  if (called.error !== undefined) throw called.error
  return called.ok
}
