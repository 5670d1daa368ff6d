/**
 * The answer for blocks whose codec leads nowhere.
 * @module
 */
import { RequestError } from '../errors.ts'

/** A codec whose blocks are served as they are, or not at all. */
export function unsupported(codec: number): RequestError {
  return new RequestError(
    'UnsupportedCodec',
    `codec expected raw, dag-pb, dag-cbor or dag-json, got 0x${codec.toString(16)}: ` +
      'ask for it with ?format=raw',
  )
}
