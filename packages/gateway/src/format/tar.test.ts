import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { lstat, mkdtemp, readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import fc from 'fast-check'
import type { BodyReader, BodySource } from '@turnpike/core/body'
import { bytesEqual, concatBytes } from '@turnpike/core/bytes'
import { encodePbNode } from '@turnpike/core/dag-pb/encode'
import {
  CHUNK_BYTES_MAX,
  DAG_DEPTH_MAX,
  SYMLINK_BYTES_MAX,
  TAR_PATH_CHARS_MAX,
} from '@turnpike/core/limits'
import { DAG_CBOR, DAG_PB, type Link, RAW, linkToString } from '@turnpike/core/link'
import { SHA2_256, encodeMultihash } from '@turnpike/core/multihash'
import { type Denylist, noDenylist } from '@turnpike/core/ports/deny'
import type { UnixfsBlock } from '@turnpike/core/unixfs/block'
import { directoryData, fileTreeData, symlinkData } from '@turnpike/core/unixfs/encode'
import { FolderBuilder } from '@turnpike/core/unixfs/directory'
import { PROFILES } from '@turnpike/core/unixfs/profile'
import { BlockSession } from '../blocks/session.ts'
import { createGateway } from '../gateway.ts'
import { fileNode, identityLink, noise, pbBlock, rawBlock } from '../testing/blocks.ts'
import { HeldUpWorld, assertQuiet, turn } from '../testing/held-up.ts'
import { randomFile } from '../testing/random-file.ts'
import { treeOf, untar } from '../testing/untar.ts'
import { World, alice, drain, hasher } from '../testing/world.ts'
import { tarContent } from './tar.ts'

const REMOTE = ['https://one.example']
const HAMT_FROM_ONE = { ...PROFILES['unixfs-v1-2025'], hamtThresholdBytes: 1 }
const utf8 = new TextEncoder()

type Named = readonly [name: string, link: Link]

/** A basic folder with any names in any order. */
function folder(entries: readonly Named[]): UnixfsBlock {
  const links = entries.map(([name, link]) => ({ link, name: utf8.encode(name), tsize: 0 }))
  return nodeBlock(encodePbNode(links, directoryData({})))
}

function nodeBlock(bytes: Uint8Array): UnixfsBlock {
  const link: Link = {
    version: 1,
    codec: DAG_PB,
    multihash: encodeMultihash(SHA2_256, hasher.sha256(bytes)),
  }
  return { kind: 'interior', link, bytes, fileBytes: 0, dagBytes: bytes.length }
}

function symlink(target: Uint8Array): UnixfsBlock {
  return nodeBlock(encodePbNode([], symlinkData(target, {})))
}

function bodyOf(session: BlockSession, target: Link): BodySource {
  const asked = { root: target, segments: [], params: new URLSearchParams() }
  return tarContent({ session, target, asked }).body()
}

/** The TAR of a root, read to its end; checks that everything was given back. */
async function tarOf(
  root: Link,
  blocks: readonly UnixfsBlock[],
): Promise<{ tar: Uint8Array; world: HeldUpWorld }> {
  const world = new HeldUpWorld()
  if (blocks.length > 0) world.put(alice, blocks, REMOTE)
  const engine = world.engine()
  const { signal } = new AbortController()
  const reader = bodyOf(new BlockSession(engine, alice), root).open(signal)
  const chunks: Uint8Array[] = []
  try {
    for (let chunk = await reader.read(); chunk !== null; chunk = await reader.read()) {
      assert.ok(chunk.length > 0 && chunk.length <= CHUNK_BYTES_MAX)
      chunks.push(chunk.slice())
    }
  } finally {
    reader.close()
    await world.flush()
    assertQuiet(world, engine)
  }
  return { tar: concatBytes(chunks), world }
}

/** What a TAR must hold: paths below the root, and what is there. */
type Tree = Map<string, Uint8Array | string | null>

interface Built {
  readonly link: Link
  readonly blocks: readonly UnixfsBlock[]
  /** By paths relative to it; its own is empty. */
  readonly tree: Tree
}

const entryName = fc
  .oneof(fc.stringMatching(/^[a-z.]{1,8}$/), fc.string({ unit: 'grapheme', maxLength: 60 }))
  .map((text) => text.toWellFormed().replaceAll(/[\0/\\\uFEFF]/g, ''))
  .filter((text) => !['', '.', '..'].includes(text))

const { built } = fc.letrec<{ built: Built; file: Built; link: Built; dir: Built }>((tie) => ({
  built: fc.oneof({ maxDepth: 3, depthSize: 'small' }, tie('file'), tie('link'), tie('dir')),
  file: randomFile(300).map(({ root, blocks, content }) => ({
    link: root.link,
    blocks,
    tree: new Map([['', content]]),
  })),
  link: fc.string({ minLength: 1, maxLength: 150, unit: 'grapheme' }).map((text) => {
    const target = text.toWellFormed().replaceAll('\0', '-')
    const block = symlink(utf8.encode(target))
    return { link: block.link, blocks: [block], tree: new Map([['', target]]) }
  }),
  dir: fc
    .tuple(
      fc.uniqueArray(fc.tuple(entryName, tie('built')), { maxLength: 5, selector: ([n]) => n }),
      fc.boolean(),
    )
    .map(([entries, sharded]) => {
      const profile = sharded ? HAMT_FROM_ONE : PROFILES['unixfs-v1-2025']
      const builder = new FolderBuilder(profile, hasher)
      const tree: Tree = new Map([['', null]])
      for (const [name, { link, tree: inner }] of entries) {
        assert.ok(builder.add(name, { link, dagBytes: 0, fileBytes: 0 } as never).ok)
        for (const [path, value] of inner) tree.set(path === '' ? name : `${name}/${path}`, value)
      }
      const finished = builder.finish()
      assert.ok(finished.ok)
      const own = [...finished.ok]
      const blocks = [...entries.flatMap(([, one]) => one.blocks), ...own]
      return { link: own.at(-1)!.link, blocks, tree }
    }),
}))

function below(root: string, tree: Tree): Tree {
  return new Map([...tree].map(([path, value]) => [path === '' ? root : `${root}/${path}`, value]))
}

test('whatever is below a root, the TAR holds it bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(built, async ({ link, blocks, tree }) => {
      const { tar } = await tarOf(link, blocks)
      const expected = below(linkToString(link), tree)
      const got = untar(tar)
      assert.equal(got.length, expected.size)
      assert.deepEqual(treeOf(got), expected)
      const again = await tarOf(link, blocks)
      assert.ok(Buffer.compare(tar, again.tar) === 0)
    }),
    { numRuns: 150 },
  )
})

const run = promisify(execFile)
const { stdout: tarVersion } = spawnSync('tar', ['--version'], { encoding: 'utf8' })
const noGnuTar = tarVersion?.includes('GNU tar') ? false : 'GNU tar expected, there is none'

test('GNU tar unpacks what we pack, without a word', { skip: noGnuTar }, async () => {
  const leaf = rawBlock(noise(70_000, 1))
  const inner = rawBlock(utf8.encode('text'))
  const file = fileNode([{ link: leaf.link, fileBytes: leaf.bytes.length }])
  const link = symlink(utf8.encode('ą/ę.txt'))
  const long = 'n'.repeat(200)
  const deep = folder([[long, inner.link]])
  const top = folder([
    ['big', file.link],
    ['empty', fileNode([]).link],
    ['link', link.link],
    ['none', folder([]).link],
    ['ą', folder([['ę.txt', inner.link]]).link],
    [long, deep.link],
  ])
  const blocks = [leaf, inner, file, link, deep, top, fileNode([]), folder([])]
  const { tar } = await tarOf(top.link, [...blocks, folder([['ę.txt', inner.link]])])
  const path = await mkdtemp(join(tmpdir(), 'turnpike-tar-'))
  try {
    await writeFile(join(path, 'a.tar'), tar)
    const listed = await run('tar', ['-tf', 'a.tar', '--quoting-style=literal'], { cwd: path })
    const root = linkToString(top.link)
    const names = ['/', '/big', '/empty', '/link', '/none/', '/ą/', '/ą/ę.txt']
    names.push(`/${long}/`, `/${long}/${long}`)
    assert.deepEqual(
      listed.stdout.trim().split('\n'),
      names.map((name) => root + name),
    )
    const { stdout, stderr } = await run('tar', ['-xvf', 'a.tar'], { cwd: path })
    assert.equal(stderr, '')
    assert.ok(stdout.length > 0)
    const at = join(path, root)
    assert.ok(Buffer.compare(await readFile(join(at, 'big')), leaf.bytes) === 0)
    assert.equal(await readFile(join(at, 'link'), 'utf8'), 'text')
    assert.equal(await readlink(join(at, 'link')), 'ą/ę.txt')
    assert.equal(await readFile(join(at, long, long), 'utf8'), 'text')
    assert.ok((await lstat(join(at, 'none'))).isDirectory())
    assert.equal((await lstat(join(at, 'empty'))).size, 0)
    const nested = await run('tar', ['-df', 'a.tar'], { cwd: path })
    assert.deepEqual([nested.stdout, nested.stderr], ['', ''])
  } finally {
    await rm(path, { recursive: true })
  }
})

test('mode and time are those of the node, without set-user-ID, else always the same', async () => {
  const mtime = { seconds: 1_700_000_000, nanoseconds: 5 }
  const file = nodeBlock(encodePbNode([], fileTreeData([], { mode: 0o4750, mtime })))
  const plainFile = rawBlock(utf8.encode('x'))
  const target = symlink(utf8.encode('x'))
  const root = folder([
    ['file', file.link],
    ['link', target.link],
    ['plain', plainFile.link],
  ])
  const { tar } = await tarOf(root.link, [file, plainFile, target, root])
  const got = untar(tar).map(({ mode, mtimeSeconds }) => [mode, mtimeSeconds])
  assert.deepEqual(got, [
    [0o755, 0],
    [0o750, 1_700_000_000],
    [0o777, 0],
    [0o644, 0],
  ])
})

test('names that lead elsewhere are followed below the root and refused beyond it', async () => {
  const file = rawBlock(utf8.encode('x'))
  const pathsOf = async (entries: readonly Named[], inside: UnixfsBlock[] = []) => {
    const root = folder(entries)
    const { tar } = await tarOf(root.link, [file, root, ...inside])
    return untar(tar).map(({ path }) => path.slice(linkToString(root.link).length))
  }
  const inner = folder([['../file', file.link]])
  assert.deepEqual(await pathsOf([['a', inner.link]], [inner]), ['', '/a', '/file'])
  assert.deepEqual(await pathsOf([['/etc/./x', file.link]]), ['', '/etc/x'])
  for (const name of ['../x', '..', '.', '', '/', 'a/../..', 'a\0b'])
    await assert.rejects(pathsOf([[name, file.link]]), { name: 'MalformedBlock' }, name)
  const twice: Named[] = [
    ['a', file.link],
    ['a', file.link],
  ]
  await assert.rejects(pathsOf(twice), /expected once in its folder/)
  await assert.rejects(
    pathsOf([
      ['./a', file.link],
      ['a', file.link],
    ]),
    /expected once/,
  )
})

test('names of a folder are checked before anything of it is sent or fetched', async () => {
  const leaf = rawBlock(noise(CHUNK_BYTES_MAX, 1))
  const root = folder([
    ['a', leaf.link],
    ['b', leaf.link],
    ['../c', leaf.link],
  ])
  const world = new HeldUpWorld()
  world.put(alice, [root])
  world.put(alice, [leaf])
  const session = new BlockSession(world.engine(), alice)
  const reader = bodyOf(session, root.link).open(never)
  await assert.rejects(async () => reader.read(), /below the root/)
  reader.close()
  assert.equal(world.opened.length, 1)
})

const never = new AbortController().signal

test('what fails before the first chunk has a status, and later no clean end', async () => {
  const bad = folder([['../../x', rawBlock(utf8.encode('x')).link]])
  for (const [sizeBytes, status] of [
    [1000, 422],
    [CHUNK_BYTES_MAX, 200],
  ] as const) {
    const leaf = rawBlock(noise(sizeBytes, 1))
    const root = folder([
      ['a', leaf.link],
      ['b', bad.link],
    ])
    const world = new World()
    world.put(alice, [leaf, bad, root])
    const url = `http://gateway.example/ipfs/${linkToString(root.link)}?format=tar`
    const got = await drain(await createGateway(world.deps()).handle(new Request(url)))
    assert.equal(got.status, status)
    assert.equal(got.broken, status === 200)
  }
})

test('a path that is denied is in no TAR, from whichever folder it is asked for', async () => {
  const file = rawBlock(utf8.encode('x'))
  const inner = folder([['b', file.link]])
  const root = folder([['a', inner.link]])
  const world = new World()
  world.put(alice, [file, inner, root])
  const statusOf = async (denied: UnixfsBlock, names: string, asked: string): Promise<number> => {
    const denylist: Denylist = {
      ...noDenylist,
      empty: false,
      content: (link, segments) =>
        bytesEqual(link.multihash, denied.link.multihash) && segments.join('/') === names
          ? { kind: 'policy', reason: 'test' }
          : undefined,
    }
    const url = `http://gateway.example/ipfs/${linkToString(root.link)}${asked}?format=tar`
    return (await createGateway(world.deps({ denylist })).handle(new Request(url))).status
  }
  for (const asked of ['', '/a', '/a/b']) {
    assert.equal(await statusOf(root, 'a/b', asked), 410, asked)
    assert.equal(await statusOf(file, '', asked), 410, asked)
    assert.equal(await statusOf(root, 'a/c', asked), 200, asked)
  }
  assert.equal(await statusOf(inner, 'b', '/a'), 410)
})

test('symlinks and names of several parts are not mixed, in whichever order', async () => {
  const link = symlink(utf8.encode('/etc'))
  const file = rawBlock(utf8.encode('x'))
  for (const names of [
    ['a', 'a/x'],
    ['a', 'b/x'],
    ['z', 'b/x'],
  ] as const) {
    const root = folder([
      [names[0], link.link],
      [names[1], file.link],
    ])
    await assert.rejects(tarOf(root.link, [link, file, root]), /has both/)
  }
})

test('what is no UnixFS, or lies about its size, is an error and no entry', async () => {
  const leaf = rawBlock(utf8.encode('text'))
  const cbor: Link = { ...leaf.link, codec: DAG_CBOR }
  const bad = [
    [folder([['x', cbor]]), /UnixFS file, folder or symlink/],
    [pbBlock([], [Uint8Array.of(8, 3)]), /UnixFS file, folder/],
    [fileNode([{ link: leaf.link, fileBytes: 5 }]), /expected 5 bytes of file below it, got 4/],
    [fileNode([], leaf.bytes, { fileBytes: 5 }), /expected parts of 5 bytes/],
    [symlink(Uint8Array.of(0x61, 0)), /without NUL/],
    [symlink(Uint8Array.of(0xff)), /of UTF-8/],
    [pbBlock([leaf.link], [Uint8Array.of(8, 5)]), /HAMT fanout/],
  ] as const
  for (const [root, message] of bad) await assert.rejects(tarOf(root.link, [leaf, root]), message)
  await assert.rejects(tarOf(cbor, [leaf]), { name: 'InvalidRequest' })
})

test('targets, paths and depth are bounded', async () => {
  const target = (sizeBytes: number) => symlink(new Uint8Array(sizeBytes).fill(0x61))
  const held = target(SYMLINK_BYTES_MAX)
  assert.equal(untar((await tarOf(held.link, [held])).tar)[0]!.target.length, SYMLINK_BYTES_MAX)
  const over = { ...target(1), ...symlinkOver() }
  await assert.rejects(tarOf(over.link, [over]), /at most 32768 bytes/)
  const file = rawBlock(utf8.encode('x'))
  const named = (chars: number) => folder([['n'.repeat(chars), file.link]])
  const cidChars = linkToString(file.link).length
  const longest = named(TAR_PATH_CHARS_MAX - cidChars - 1)
  assert.equal(untar((await tarOf(longest.link, [longest, file])).tar).length, 2)
  const longer = named(TAR_PATH_CHARS_MAX - cidChars)
  await assert.rejects(tarOf(longer.link, [longer, file]), /at most 16384 characters/)
  // A folder of one letter in another, to the depth that paths and walks allow.
  const nested = (depth: number): UnixfsBlock[] => {
    const blocks = [folder([])]
    for (let i = 0; i < depth; i++) blocks.push(folder([['d', blocks.at(-1)!.link]]))
    return blocks
  }
  const deepest = nested(DAG_DEPTH_MAX - 1)
  const { tar } = await tarOf(deepest.at(-1)!.link, deepest)
  assert.equal(untar(tar).length, DAG_DEPTH_MAX)
  const deeper = nested(DAG_DEPTH_MAX)
  await assert.rejects(tarOf(deeper.at(-1)!.link, deeper), /nodes deep/)
})

function symlinkOver(): UnixfsBlock {
  const data = new Uint8Array(SYMLINK_BYTES_MAX + 1).fill(0x61)
  return nodeBlock(encodePbNode([], [Uint8Array.of(8, 4, 0x12, 0x81, 0x80, 0x02), data]))
}

test('many small files are read ahead; a client that leaves ends the reads', async () => {
  const leaves = Array.from({ length: 200 }, (_, i) => rawBlock(noise(10_000, i)))
  const root = folder(leaves.map(({ link }, i) => [String(i).padStart(3, '0'), link]))
  const { tar, world } = await tarOf(root.link, [...leaves, root])
  assert.equal(untar(tar).length, 201)
  assert.ok(world.opened.length <= 6, `${world.opened.length} range reads`)
  const held = new HeldUpWorld()
  held.put(alice, [root, ...leaves], REMOTE)
  const engine = held.engine()
  const reader = bodyOf(new BlockSession(engine, alice), root.link).open(never)
  held.hold = true
  const reading = readOn(reader)
  await turn()
  assert.equal(held.waiting.length, 1)
  reader.close()
  reader.close()
  await held.flush()
  assert.equal(await reading, 'ReadClosed')
  assertQuiet(held, engine)
})

/** Name of the error that a body ends with, if it does. */
async function readOn(reader: BodyReader): Promise<string> {
  try {
    while ((await reader.read()) !== null);
    return 'none'
  } catch (error) {
    return (error as Error).name
  }
}

test('files that identity links carry are in the TAR', async () => {
  const inline = identityLink(RAW, utf8.encode('inline'))
  const root = folder([
    ['a', inline],
    ['b', inline],
  ])
  const { tar } = await tarOf(root.link, [root])
  assert.deepEqual(
    untar(tar).map(({ bytes }) => new TextDecoder().decode(bytes)),
    ['', 'inline', 'inline'],
  )
  assert.equal(untar((await tarOf(inline, [])).tar)[0]!.path, linkToString(inline))
})
