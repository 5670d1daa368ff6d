/**
 * Whether the issuer of a UCAN signed it.
 * @module
 */
import { DID_KEYS_KEPT_MAX } from '../limits/ucan.ts'
import type { PublicKey, SignatureVerifier } from '../ports/keys.ts'
import type { DidResolver } from '../ports/principals.ts'
import { Recent } from '../recent.ts'
import type { Ucan } from './archive.ts'
import { publicKeyOf } from './did-key.ts'

/** What somebody signed: enough of a UCAN, or of a receipt, to check that. */
export type SignedBytes = Pick<Ucan, 'issuer' | 'payload' | 'signature'>

/** Whether a UCAN is signed by its issuer, and how long that may be relied on. */
export interface Signed {
  readonly signed: boolean
  /** Infinity for always; 0 when whoever knows the issuer's keys can't be reached now. */
  readonly holdsMs: number
}

/** Codes of the algorithms that sign UCANs here (multicodec, "varsig"). */
const ALGORITHM: Readonly<Partial<Record<PublicKey['kind'], number>>> = {
  ed25519: 0xd0ed,
  rsa: 0xd01205,
}

/** Checks signatures by did:key, and by other DIDs through a resolver if there is one. */
export class SignatureChecks {
  readonly #verifier: SignatureVerifier
  readonly #resolver: DidResolver | undefined
  /** To read a key out of its DID takes 10 us. */
  readonly #keys = new Recent<string, PublicKey>(DID_KEYS_KEPT_MAX)

  constructor(verifier: SignatureVerifier, resolver?: DidResolver) {
    this.#verifier = verifier
    this.#resolver = resolver
  }

  /**
   * Checks the signature of `ucan`. Never throws for what it says.
   *
   * @example
   * const { signed } = await new SignatureChecks(nodeVerifier).signedBy(ucan, signal)
   */
  async signedBy(ucan: SignedBytes, signal: AbortSignal): Promise<Signed> {
    const { issuer } = ucan
    if (issuer.startsWith('did:key:'))
      return { signed: await this.#signedWith(ucan, issuer), holdsMs: Infinity }
    if (this.#resolver === undefined) return { signed: false, holdsMs: Infinity }
    const resolved = await this.#resolver.resolve(issuer, signal)
    if (resolved.error) {
      const isFinal = resolved.error.fault === 'unsupported'
      return { signed: false, holdsMs: isFinal ? Infinity : 0 }
    }
    const { keys, ttlMs = Infinity } = resolved.ok
    for (const key of keys)
      if (await this.#signedWith(ucan, key)) return { signed: true, holdsMs: ttlMs }
    return { signed: false, holdsMs: ttlMs }
  }

  async #signedWith({ payload, signature }: SignedBytes, did: string): Promise<boolean> {
    const key = this.#keyOf(did)
    if (key === undefined || ALGORITHM[key.kind] !== signature.code) return false
    return this.#verifier.verify(key, payload, signature.raw)
  }

  #keyOf(did: string): PublicKey | undefined {
    const known = this.#keys.get(did)
    if (known !== undefined) return known
    const key = publicKeyOf(did)
    return key && this.#keys.keep(did, key)
  }
}
