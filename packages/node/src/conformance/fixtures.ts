/**
 * The suite's data, by the name that tables of this folder know it by.
 * @module
 */
export { absent, FixtureCar } from '@turnpike/gateway/testing/conformance/fixtures'
