/**
 * What `vectors/unixfs/importer.json` covers: inputs at and around each threshold.
 * @module
 */
import type { Entries, Recipe, Vector } from '../../scripts/unixfs-recipe.ts'

/** A vector before its CID is known. */
export type Case = Omit<Vector, 'cid' | 'dagBytes'>

const PROFILES = ['unixfs-v1-2025', 'unixfs-v0-2015'] as const
const CHUNK_BYTES = { 'unixfs-v1-2025': 1_048_576, 'unixfs-v0-2015': 262_144 } as const
const LINKS_MAX = { 'unixfs-v1-2025': 1024, 'unixfs-v0-2015': 174 } as const

const MTIME = { seconds: 1_700_000_000, nanoseconds: 123_456_789 }
const x: Recipe = { kind: 'file', content: { text: 'x' } }
const empty: Recipe = { kind: 'file', content: { text: '' } }

function folder(entries: Entries): Recipe {
  return { kind: 'folder', entries }
}

function numbered(count: number, prefix: string, each: Recipe = x): Recipe {
  return folder({ count, prefix, suffix: '.txt', each })
}

function* fileCases(): Generator<Case> {
  for (const profile of PROFILES) {
    const chunk = CHUNK_BYTES[profile]
    const links = LINKS_MAX[profile]
    for (const bytes of [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk, links * chunk]) {
      const recipe: Recipe = { kind: 'file', content: { fill: 0, bytes } }
      yield { name: `file of ${bytes} bytes`, profile, recipe }
    }
    const bytes = links * chunk + 1
    const recipe: Recipe = { kind: 'file', content: { fill: 0, bytes } }
    yield { name: `file of two levels, ${bytes} bytes`, profile, recipe }
    for (const leaves of [5, 6, 25, 26, 125, 126, 131, 151, 625, 626])
      yield {
        name: `tree of ${leaves} leaves, five links a node`,
        profile,
        override: { chunkBytes: 16, fileLinksMax: 5 },
        recipe: { kind: 'file', content: { chacha20: 'tree', bytes: leaves * 16 - 3 } },
      }
    yield {
      name: 'tree of three levels',
      profile,
      override: { chunkBytes: 16, fileLinksMax: 174 },
      recipe: { kind: 'file', content: { chacha20: 'tree', bytes: 174 * 174 * 16 + 1 } },
    }
  }
}

function* folderCases(): Generator<Case> {
  const names = [
    'z',
    'Z',
    '10',
    '9',
    'é',
    'e\u0301',
    '日本語',
    '\uff5e',
    '\u{1f600}',
    ' ',
    'a b%2F',
  ]
  for (const profile of PROFILES) {
    yield { name: 'folder of one entry', profile, recipe: folder({ list: { x } }) }
    const list = Object.fromEntries(names.map((name) => [name, x]))
    yield { name: 'folder of unicode names, in byte order', profile, recipe: folder({ list }) }
    yield { name: 'HAMT of 20,000 entries', profile, recipe: numbered(20_000, 'file-') }
    yield { name: 'HAMT of empty files', profile, recipe: numbered(8000, 'file-', empty) }
    const many = numbered(6000, 'числo-')
    const nested = folder({ list: { many, more: folder({ list: { many, x } }), x } })
    yield { name: 'folders that hold a HAMT', profile, recipe: nested }
    yield {
      name: 'HAMT of three entries',
      profile,
      override: { hamtThresholdBytes: 64 },
      recipe: numbered(3, 'some-longer-name-'),
    }
    yield {
      name: 'folder with a symlink, a file of two leaves and an empty file',
      profile,
      override: { chunkBytes: 1000 },
      recipe: folder({
        list: {
          link: { kind: 'symlink', target: '../somewhere/else' },
          two: { kind: 'file', content: { chacha20: 'two', bytes: 1001 } },
          empty,
        },
      }),
    }
  }
}

/**
 * Not with wrapped leaves: there the importer takes the leaf's block for its content and wraps it
 * again, so that the file reads back wrong (see docs/decisions/unixfs-profiles.md).
 */
function* smallFilesWithMetadata(profile: 'unixfs-v1-2025'): Generator<Case> {
  yield {
    name: 'file of one leaf with metadata',
    profile,
    override: { chunkBytes: 1000 },
    recipe: {
      kind: 'file',
      content: { chacha20: 'metadata', bytes: 1000 },
      mode: 0o755,
      mtime: MTIME,
    },
  }
  yield {
    name: 'file from before 1970',
    profile,
    recipe: {
      kind: 'file',
      content: { text: 'old' },
      mtime: { seconds: -1, nanoseconds: 500_000_000 },
    },
  }
  yield {
    name: 'empty file with metadata',
    profile,
    recipe: { kind: 'file', content: { text: '' }, mode: 0o600 },
  }
}

function* metadataCases(): Generator<Case> {
  for (const profile of PROFILES) {
    yield {
      name: 'file of three leaves with metadata',
      profile,
      override: { chunkBytes: 1000 },
      recipe: {
        kind: 'file',
        content: { chacha20: 'metadata', bytes: 2001 },
        mode: 0o4600,
        mtime: MTIME,
      },
    }
    if (profile === 'unixfs-v1-2025') yield* smallFilesWithMetadata(profile)
    yield {
      name: 'symlink with metadata',
      profile,
      recipe: { kind: 'symlink', target: 'target', mode: 0o777, mtime: MTIME },
    }
  }
}

/** All cases, in the order of the file. */
export function* allCases(): Generator<Case> {
  yield* fileCases()
  yield* folderCases()
  yield* metadataCases()
}
