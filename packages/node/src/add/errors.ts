/**
 * Why something can't be added.
 * @module
 */

/** A file, a folder or its name can't be added; nothing of the whole add is stored. */
export class PathRefused extends Error {
  override readonly name:
    | 'FileUnreadable'
    | 'FileSpecial'
    | 'FileChanged'
    | 'FileNameInvalid'
    | 'FolderTooDeep'
    | 'DataFolderInside'
  readonly path: string
  constructor(name: PathRefused['name'], path: string, expected: string, cause?: unknown) {
    super(`${path} expected ${expected}`, cause === undefined ? undefined : { cause })
    this.name = name
    this.path = path
  }
}

/** Another process holds files of the data folder for longer than is waited. */
export class FolderBusy extends Error {
  override readonly name = 'FolderBusy'
  constructor(by: 'an add' | 'a gc') {
    super(`data folder expected to be free, but ${by} is running: try again when it is done`)
  }
}

/** Content that an add built on was removed before the add was done. */
export class ContentRemoved extends Error {
  override readonly name = 'ContentRemoved'
  constructor() {
    super('content that this add builds on was removed meanwhile: add again')
  }
}

/** There is no such stage, or it is damaged, or files of it are gone. */
export class StageInvalid extends Error {
  override readonly name = 'StageInvalid'
  constructor(expected: string) {
    super(`stage expected ${expected}: add again`)
  }
}

/** The add was interrupted. */
export class AddAborted extends Error {
  override readonly name = 'AddAborted'
  constructor(cause: unknown) {
    super('add was interrupted; nothing was changed', { cause })
  }
}
