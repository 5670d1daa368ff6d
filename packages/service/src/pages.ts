/**
 * What the front door tells whoever asks: receipts and revocations.
 * @module
 */
import { CID } from 'multiformats/cid'
import type { AgentStore } from '@turnpike/core/ports/agent'
import type { DelegationStore } from '@turnpike/core/ports/delegations'
import type { Hasher } from '@turnpike/core/ports/runtime'
import { linkFromString, linkToBytes } from '@turnpike/core/link'
import { carAnswer, jsonAnswer, type ServiceAnswer, textAnswer } from './answer.ts'
import { encodeReport } from './message.ts'

/** What the pages are made of. */
export interface PagesDeps {
  readonly agent: AgentStore
  readonly delegations: Pick<DelegationStore, 'revoked'>
  readonly hasher: Hasher
}

/** A receipt never changes. */
const FOR_EVER = 'public, max-age=29030400, immutable'

/** The receipt of a task, in an agent message; 404 while there is none. */
export async function receiptPage(text: string, deps: PagesDeps): Promise<ServiceAnswer> {
  const link = linkFromString(text)
  if (link === undefined) return textAnswer(400, 'a CID expected after /receipt/')
  const task = await deps.agent.task(linkToBytes(link))
  if (task === undefined) return textAnswer(404, 'no receipt of this task is here')
  return carAnswer(encodeReport([task], deps.hasher), FOR_EVER)
}

/** Who revoked a UCAN, and when; 404 when nobody did. */
export async function revocationsPage(text: string, deps: PagesDeps): Promise<ServiceAnswer> {
  const link = linkFromString(text)
  if (link === undefined) return textAnswer(400, 'a CID expected after /revocations/')
  const found = await deps.delegations.revoked([linkToBytes(link)])
  if (found.length === 0) return textAnswer(404, 'no revocation of this UCAN is here')
  const revocations = found.map(({ cid, issuer, revokedMs }) => ({
    ucan: String(CID.decode(cid)),
    revokedBy: issuer,
    revokedAt: new Date(revokedMs).toISOString(),
  }))
  return jsonAnswer({ revocations }, 0)
}
