/**
 * What the owner of a data folder does for names.
 * @module
 */
import { ipnsNameFromString, ipnsNameToString } from '@turnpike/core/ipns/name'
import { NAME_LIFETIME_MS_MAX } from '@turnpike/core/limits/names'
import { fail, ok } from '@turnpike/core/result'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { publishName, putRecord, renewNames, type PublishContext } from './publish.ts'

/** Names of the operations. */
export type NameOperation = 'namePublish' | 'namePut' | 'nameRenew'

/** What `namePublish` answers. */
export interface NamePublished {
  readonly name: string
  readonly key: string
  readonly path: string
  /** Decimal: it may be beyond 2^53 - 1. */
  readonly sequence: string
  readonly ttlMs: number
  /** ISO 8601. */
  readonly validUntil: string
}

/** What `namePut` answers. */
export interface NamePutDone {
  readonly name: string
  readonly kept: boolean
  /** Why the record is not to be believed; null when it is. */
  readonly problem: string | null
}

/**
 * Operations on an owned folder. Parameters come as JSON: `namePublish {path, key, ttlMs?,
 * lifetimeMs?, sequence?}`, `namePut {name, record, evenInvalid?}` with the record in base64,
 * `nameRenew`.
 */
export function nameOperations(
  context: PublishContext,
): Readonly<Record<NameOperation, Operation>> {
  return {
    async namePublish(params) {
      const { path, key, ttlMs, lifetimeMs, sequence } = fieldsOf(params)
      if (typeof path !== 'string' || typeof key !== 'string')
        return fail(new InvalidParams('"path" and "key" expected strings'))
      if (!isTime(ttlMs, 0) || !isTime(lifetimeMs, 1000))
        return fail(new InvalidParams('"ttlMs" and "lifetimeMs" expected up to 10 years'))
      if (sequence !== undefined && !/^\d{1,20}$/.test(String(sequence)))
        return fail(new InvalidParams(`"sequence" expected a whole number, got ${sequence}`))
      const asked = { path, key, ttlMs, lifetimeMs }
      const done = await publishName(context, {
        ...asked,
        sequence: sequence === undefined ? undefined : BigInt(String(sequence)),
      })
      if (done.error) return done
      const { name, record } = done.ok
      const published: NamePublished = {
        name,
        key,
        path: record.value,
        sequence: String(record.sequence),
        ttlMs: record.ttlMs ?? 0,
        validUntil: new Date(record.eolMs).toISOString(),
      }
      return ok(published)
    },
    async namePut(params) {
      const { name, record, evenInvalid } = fieldsOf(params)
      const known = ipnsNameFromString(String(name))
      if (known === undefined)
        return fail(new InvalidParams(`"name" expected an IPNS name, got "${String(name)}"`))
      if (typeof record !== 'string') return fail(new InvalidParams('"record" expected base64'))
      const bytes = new Uint8Array(Buffer.from(record, 'base64'))
      const done = await putRecord(context, known.multihash, bytes, evenInvalid === true)
      if (done.error) return done
      const { kept, problem = null } = done.ok
      const put: NamePutDone = { name: ipnsNameToString(known.multihash), kept, problem }
      return ok(put)
    },
    nameRenew: async () => ok({ renewed: await renewNames(context) }),
  }
}

function fieldsOf(params: unknown): Readonly<Record<string, unknown>> {
  return typeof params === 'object' && params !== null ? (params as Record<string, unknown>) : {}
}

function isTime(value: unknown, min: number): value is number | undefined {
  if (value === undefined) return true
  return (
    Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= NAME_LIFETIME_MS_MAX
  )
}
