import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { FileRangeReader } from './file-reader.ts'

const NEVER = new AbortController().signal

test('files outside of the own folders are neither served nor opened', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-files-'))
  await mkdir(join(folder, 'cars'))
  await writeFile(join(folder, 'secret'), 'secret')
  const root = pathToFileURL(join(folder, 'cars')).href
  const reader = new FileRangeReader((url) => url.href.startsWith(`${root}/`))
  const urls = [
    `${root}/../secret`,
    `${root}/%2e%2e/secret`,
    `${root}/..%2fsecret`,
    `file://host${root.slice(7)}/a`,
    `${root}-other/a`,
    'file:///etc/passwd',
    'https://cdn.example/a',
    'file:',
  ]
  for (const url of urls) {
    assert.equal(reader.serves(url), false, url)
    const site = { url, provider: '' }
    const blob = { multihash: undefined, key: url, size: undefined, sites: [site] }
    const opened = await reader.open(blob, site, { first: 0, last: 0 }, NEVER)
    assert.equal(opened.error?.name, 'OriginForbidden', url)
  }
  await rm(folder, { recursive: true })
})

test('a file that changed its size is a fault, and read anew when it is whole again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'turnpike-files-'))
  const path = join(folder, 'a.car')
  const url = pathToFileURL(path).href
  const reader = new FileRangeReader(() => true)
  const site = { url, provider: '' }
  const blob = { multihash: undefined, key: url, size: 5, sites: [site] }
  const read = async (): Promise<string | undefined> => {
    const opened = await reader.open(blob, site, { first: 1, last: 2 }, NEVER)
    if (opened.error !== undefined) return opened.error.name
    const target = Buffer.alloc(2)
    await opened.ok.fill(target)
    opened.ok.close()
    return target.toString()
  }
  await writeFile(path, '123456')
  assert.equal(await read(), 'OriginLied')
  await rm(path)
  await writeFile(path, '12345')
  assert.equal(await read(), '23')
  reader.close()
  await rm(folder, { recursive: true })
})
