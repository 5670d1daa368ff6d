/**
 * `space/content/serve/egress/record`: gateways of others say what they served of a space.
 * Source: Storacha, `@storacha/capabilities` 2.3.1, `space/content/serve/egress/record`.
 * @module
 */
import { CID } from 'multiformats/cid'
import { bytesEqual } from '@turnpike/core/bytes'
import type { SpaceDid } from '@turnpike/core/ports/content'
import type { Revocation } from '@turnpike/core/ports/delegations'
import {
  type EgressRecord,
  type EgressRecorder,
  type EgressVerdict,
} from '@turnpike/core/ports/egress-recorder'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { type Awaitable, fail, ok, type Result } from '@turnpike/core/result'
import type { Ucan } from '@turnpike/core/ucan/archive'
import type { BatchAbility, BatchTask, Outcome } from '../ability.ts'
import { RECORD_EGRESS } from '@turnpike/core/ucan/record'
import { type AuthorityDeps, EgressAuthority } from './authority.ts'
import { caveatsOf, keyOfRecord, servedAtFault } from './caveats.ts'
import { EgressRefused, RecorderUnavailable, SpaceUnknown, Unauthorized } from './errors.ts'

/** A space that is known here. */
export interface KnownSpace {
  /** DID of the customer who owns it now; undefined for none. */
  readonly customer: string | undefined
}

/** What recording takes. */
export interface EgressRecordDeps extends AuthorityDeps {
  readonly hasher: Hasher
  readonly recorder: EgressRecorder
  /** Undefined for a space of which nothing is known here: no content, delegation or owner. */
  spaceOf(space: SpaceDid): Awaitable<KnownSpace | undefined>
  /** How long ago a read may have been served, ms. */
  readonly ageMsMax?: number
  /** What the recorder failed with. */
  crash(error: unknown): void
}

/** What the tasks of one message are judged with. */
interface Asking extends EgressRecordDeps {
  readonly authority: EgressAuthority
  /** Of the invocations themselves. */
  readonly revocations: readonly Revocation[]
  readonly signal: AbortSignal
}

/** A task that may be written down. */
interface Checked {
  readonly record: EgressRecord
  readonly customer: string | undefined
  readonly cause: Uint8Array
}

/**
 * The ability. All records of a message are written down in one transaction; each counts once, now
 * or with the first message that brought it, however often and with whatever proofs it comes.
 *
 * @example
 * const door = await openFrontDoor({ ...deps, batchAbilities: [egressRecord(egressDeps)] })
 */
export function egressRecord(deps: EgressRecordDeps): BatchAbility {
  const authority = new EgressAuthority(deps)
  return {
    can: RECORD_EGRESS,
    async runAll(tasks, signal) {
      const spaces = new Map<string, ReturnType<EgressRecordDeps['spaceOf']>>()
      const spaceOf = (space: SpaceDid): ReturnType<EgressRecordDeps['spaceOf']> => {
        if (!spaces.has(space)) spaces.set(space, deps.spaceOf(space))
        return spaces.get(space)
      }
      const cids = tasks.map(({ asked }) => asked.ucan.cid)
      const revocations = await deps.delegations.revoked(cids)
      const asking = { ...deps, spaceOf, authority, revocations, signal }
      const checked = await Promise.all(tasks.map((task) => check(task, asking)))
      const records = checked.flatMap((one) => (one.ok === undefined ? [] : [one.ok.record]))
      const verdicts = await recordAll(records, deps)
      let at = 0
      return checked.map((one) => (one.error ? one : outcomeOf(one.ok, verdicts[at++])))
    },
  }
}

async function recordAll(
  records: readonly EgressRecord[],
  { recorder, crash }: EgressRecordDeps,
): Promise<readonly (EgressVerdict | undefined)[]> {
  if (records.length === 0) return []
  try {
    return await recorder.record(records)
  } catch (error) {
    crash(error)
    return []
  }
}

function outcomeOf(
  { record, customer, cause }: Checked,
  verdict: EgressVerdict | undefined,
): Outcome {
  if (verdict === undefined || verdict.kind === 'later') return fail(new RecorderUnavailable())
  if (verdict.kind === 'refused') return fail(new EgressRefused(verdict.reason))
  const { space, resource, bytes, servedAtMs } = record
  return ok({
    space,
    ...(customer !== undefined && { customer }),
    resource: CID.decode(resource),
    bytes,
    servedAt: new Date(servedAtMs).toISOString(),
    cause: CID.decode(cause),
  })
}

async function check(
  { asked: { ucan, blocks }, capability }: BatchTask,
  asking: Asking,
): Promise<Result<Checked, Error>> {
  const { authority, dids, checks, clock, signal } = asking
  const said = caveatsOf(capability)
  if (said.error) return said
  const nowMs = clock.nowMs()
  const late = servedAtFault(said.ok.servedAt, nowMs, asking.ageMsMax)
  if (late !== undefined) return fail(late)
  const { issuer, audience, startsMs = -Infinity, expiresMs = Infinity } = ucan
  if (!dids.includes(audience)) return refused(`audience expected ${dids[0]}, got ${audience}`)
  if (nowMs < startsMs || nowMs >= expiresMs) return refused('invocation expected in force, is not')
  if (isRevoked(ucan, asking)) return refused('invocation has been revoked')
  const fault = await authority.faultOf(ucan, blocks, signal)
  if (fault !== undefined) return refused(fault)
  const { signed } = await checks.signedBy(ucan, signal)
  if (!signed) return refused(`signature expected by ${issuer}, got none that proves to be theirs`)
  const space = capability.with as SpaceDid
  const known = await asking.spaceOf(space)
  if (known === undefined) return fail(new SpaceUnknown(space))
  const { resource, bytes, servedAt: servedAtMs } = said.ok
  const key = keyOfRecord(ucan, space, said.ok, asking.hasher)
  const what = { key, issuer, space, resource: resource.bytes, bytes, servedAtMs }
  return ok({ record: what, customer: known.customer, cause: ucan.cid })
}

function refused(why: string): Result<never, Unauthorized> {
  return fail(new Unauthorized(why))
}

/** By its issuer, or by us, who need not take it. */
function isRevoked({ cid, issuer }: Ucan, { revocations, dids }: Asking): boolean {
  return revocations.some(
    (one) =>
      bytesEqual(one.cid, cid) &&
      (one.archive === undefined || one.issuer === issuer || dids.includes(one.issuer)),
  )
}
