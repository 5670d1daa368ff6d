/**
 * Why there is no bundle of a statement.
 * @module
 */

/** The statement is too long for a bundle, or entries that it should list are gone. */
export class BundleRefused extends Error {
  override readonly name = 'BundleRefused'
}
