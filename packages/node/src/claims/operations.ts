/**
 * What the owner of a data folder does about claims: `claimsIssue`, `claimsPublish`.
 * @module
 */
import { fail } from '@turnpike/core/result'
import type { Operation } from '../control/server.ts'
import { InvalidParams } from '../owner/params.ts'
import { issueOwnClaims, type IssueContext } from './issue-own.ts'
import { publishOwnClaims } from './publish.ts'

/** Names of the operations. */
export type ClaimOperation = 'claimsIssue' | 'claimsPublish'

/** How far `claimsPublish` is. */
export interface PublishProgress {
  readonly published: number
}

/** Operations about claims, and what follows when content was added. */
export interface ClaimOperations {
  readonly operations: Readonly<Record<ClaimOperation, Operation>>
  /** Issues claims for what was added, if a deployment has said its public address. */
  added(): Promise<void>
}

/**
 * Operations on an owned folder. Parameters come as JSON: `claimsIssue {publicUrl?}`, of which the
 * address counts for what is added later, too; `claimsPublish {url, audience}`.
 */
export function claimOperations(context: IssueContext): ClaimOperations {
  let publicUrl: string | undefined
  return {
    operations: {
      async claimsIssue(params) {
        const { publicUrl: said } = (params ?? {}) as { readonly publicUrl?: unknown }
        if (said !== undefined && (typeof said !== 'string' || !/^https?:/.test(said)))
          return fail(new InvalidParams('"publicUrl" expected an http or https address'))
        publicUrl = said
        return issueOwnClaims(context, publicUrl)
      },
      async claimsPublish(params, { progress }) {
        const { url, audience } = (params ?? {}) as Readonly<Record<string, unknown>>
        if (typeof url !== 'string' || !/^https?:/.test(url) || !URL.canParse(url))
          return fail(new InvalidParams('"url" expected an http or https address'))
        if (typeof audience !== 'string' || !/^did:[a-z]+:.{1,500}$/.test(audience))
          return fail(new InvalidParams('"audience" expected a DID'))
        return publishOwnClaims(context, { url, audience }, (published) => {
          const event: PublishProgress = { published }
          progress(event)
        })
      },
    },
    async added() {
      // What fails here is tried again by the next round.
      if (publicUrl !== undefined) await issueOwnClaims(context, publicUrl).catch(() => {})
    },
  }
}
