/**
 * The error for blocks whose bytes are what their hash says but not what their codec says.
 * @module
 */

/** A verified block does not decode: its author made it wrong, no origin is to blame. */
export class MalformedBlock extends Error {
  override readonly name = 'MalformedBlock'
}
