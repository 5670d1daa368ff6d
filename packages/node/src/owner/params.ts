/**
 * Parameters of the owner's operations, which come as JSON from anywhere.
 * @module
 */

/** The parameters of an operation are not what it takes. */
export class InvalidParams extends Error {
  override readonly name = 'InvalidParams'
}
