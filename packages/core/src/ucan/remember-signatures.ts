/**
 * Remembers which signatures were right: messages carry the same chains many times over.
 * @module
 */
import { concatBytes, keyOf, type BytesKey } from '../bytes.ts'
import type { PublicKey, SignatureVerifier } from '../ports/keys.ts'
import type { Hasher } from '../ports/runtime.ts'
import { Recent } from '../recent.ts'
import type { Awaitable } from '../result.ts'

/**
 * A verifier that checks each signature once, as long as it remembers it. Right and wrong ones
 * alike: what a signature proves never changes.
 *
 * @example
 * const signatures = rememberSignatures(nodeVerifier, nodeHasher, 4096)
 */
export function rememberSignatures(
  verifier: SignatureVerifier,
  hasher: Hasher,
  entriesMax: number,
): SignatureVerifier {
  const known = new Recent<BytesKey, boolean>(entriesMax)
  return {
    verify(key, message, signature): Awaitable<boolean> {
      const id = keyOf(hasher.sha256(described(key, message, signature)))
      const remembered = known.get(id)
      if (remembered !== undefined) return remembered
      const verdict = verifier.verify(key, message, signature)
      if (typeof verdict === 'boolean') return known.keep(id, verdict)
      return verdict.then((value) => known.keep(id, value))
    },
  }
}

/** All that the verdict depends on, with lengths, so that no two of them look the same. */
function described(
  { kind, bytes }: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): Uint8Array {
  const lengths = `${kind} ${bytes.length} ${signature.length} ${message.length} `
  return concatBytes([new TextEncoder().encode(lengths), bytes, signature, message])
}
