/**
 * Settings that the front door follows.
 * @module
 */
import type { Settings } from '../config/settings.ts'

/** What a process that owns a folder has to know of the settings; goes between threads. */
export type FrontDoorSettings = Pick<
  Settings,
  | 'identity'
  | 'didMap'
  | 'attestAuthorities'
  | 'delegationsFrom'
  | 'allowPrivateOrigins'
  | 'claimIssuers'
  | 'plans'
  | 'providerAdd'
  | 'storageNodes'
>

/** Takes them out of all settings. */
export function frontDoorSettings(settings: Settings): FrontDoorSettings {
  const { identity, didMap, attestAuthorities, delegationsFrom } = settings
  const { allowPrivateOrigins, claimIssuers, plans, providerAdd, storageNodes } = settings
  const trusted = { attestAuthorities, delegationsFrom, claimIssuers, storageNodes }
  return { identity, didMap, allowPrivateOrigins, plans, providerAdd, ...trusted }
}
