/**
 * Reads the file of plans that the settings name.
 * @module
 */
import { readFileSync } from 'node:fs'
import { parsePlans } from '@turnpike/core/billing/parse-plans'
import { FREE_PLANS, type Plans } from '@turnpike/core/billing/plan'
import { PLAN_FILE_BYTES_MAX } from '@turnpike/core/limits/billing'
import { fail, ok, type Result } from '@turnpike/core/result'

/** The file of plans can't be read, or does not say what one must. */
export class PlansRefused extends Error {
  override readonly name = 'PlansRefused'
  readonly path: string
  constructor(path: string, why: string, cause?: unknown) {
    super(`${path}: ${why}`, cause === undefined ? undefined : { cause })
    this.path = path
  }
}

/**
 * Plans of a deployment; the free one alone without a file.
 *
 * @example
 * const { ok: plans, error } = readPlans(settings.plans)
 */
export function readPlans(path: string | undefined): Result<Plans, PlansRefused> {
  if (path === undefined) return ok(FREE_PLANS)
  let value: unknown
  try {
    const text = readFileSync(path)
    if (text.length > PLAN_FILE_BYTES_MAX)
      return fail(
        new PlansRefused(path, `expected <= ${PLAN_FILE_BYTES_MAX} bytes, got ${text.length}`),
      )
    value = JSON.parse(text.toString())
  } catch (error) {
    return fail(new PlansRefused(path, `expected a file of plans, in JSON: ${error}`, error))
  }
  const plans = parsePlans(value)
  return plans.error === undefined
    ? plans
    : fail(new PlansRefused(path, plans.error.message, plans.error))
}
