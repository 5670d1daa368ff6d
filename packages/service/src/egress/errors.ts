/**
 * Why a record of egress is not written down; receipts carry name and message.
 * @module
 */

/** The issuer did not sign it, or the space did not let it record. */
export class Unauthorized extends Error {
  override readonly name = 'Unauthorized'
}

/** A caveat is not what it must be. */
export class MalformedCapability extends Error {
  override readonly name = 'MalformedCapability'
  readonly caveat: string
  constructor(caveat: string, expected: string, got: string) {
    super(`"${caveat}" expected ${expected}, got ${got}`)
    this.caveat = caveat
  }
}

/** The time at which it was served can't be. Of the three, only what is ahead may pass later. */
export class ServedAtRefused extends Error {
  override readonly name: 'ServedAtSeconds' | 'ServedAtAhead' | 'ServedAtTooOld'
  readonly servedAt: number
  constructor(name: ServedAtRefused['name'], servedAt: number, expected: string) {
    super(`"servedAt" expected ${expected}: it says ${servedAt}`)
    this.name = name
    this.servedAt = servedAt
  }
}

/** Nobody here knows this space: it has neither content nor an owner. */
export class SpaceUnknown extends Error {
  override readonly name = 'SpaceUnknown'
  readonly space: string
  constructor(space: string) {
    super(`${space} expected to be a space that somebody here owns: register it, then try again`)
    this.space = space
  }
}

/** The books can't take it, now or ever. */
export class EgressRefused extends Error {
  override readonly name = 'EgressRefused'
}

/** The books can't be reached now: the same record may be sent again. */
export class RecorderUnavailable extends Error {
  override readonly name = 'RecorderUnavailable'
  constructor() {
    super('records can not be written down now: please send this one again')
  }
}
