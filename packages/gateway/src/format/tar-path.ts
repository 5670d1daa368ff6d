/**
 * Where the entries of folders lie in a TAR: below its root, whatever their names.
 * @module
 */
import { MalformedBlock } from '@turnpike/core/malformed'
import { TAR_PATH_CHARS_MAX } from '@turnpike/core/limits'
import { shorten } from '../parse-request.ts'

/**
 * Path of a folder's entry. The name of a UnixFS link may be any bytes; one like `../b` leads where
 * a file system would take it.
 *
 * @throws {MalformedBlock} for a name that leads out of the root, to the folder itself or to one
 * around it, and for a path that is too long
 * @example
 * tarPath('root/a', 'b') // 'root/a/b'
 * tarPath('root/a', '../b') // 'root/b'
 */
export function tarPath(folder: string, name: string): string {
  const path = isPlainName(name) ? `${folder}/${name}` : cleaned(folder, name)
  if (path.length > TAR_PATH_CHARS_MAX)
    throw refused(folder, name, `in a path of at most ${TAR_PATH_CHARS_MAX} characters`)
  return path
}

/** Whether a name is that of one entry in its folder, as all are that a file system made. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[\0/]/.test(name)
}

function cleaned(folder: string, name: string): string {
  if (name.includes('\0')) throw refused(folder, name, 'without NUL')
  const names = folder.split('/')
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..') names.push(part)
    else if (names.length > 1) names.pop()
    else throw refused(folder, name, 'below the root of the TAR')
  }
  const path = names.join('/')
  if (`${folder}/`.startsWith(`${path}/`)) throw refused(folder, name, 'of an entry of its own')
  return path
}

function refused(folder: string, name: string, expected: string): MalformedBlock {
  return new MalformedBlock(
    `name "${shorten(name)}" in "${shorten(folder)}" expected ${expected}, is not: ` +
      'ask for the folder with ?format=car',
  )
}
