/**
 * The groups TestUnixFSDirectoryListing, TestGatewaySymlink and TestPathGatewayMiscellaneous of the
 * conformance suite, v0.13.2, from the rules.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import type { ConformanceCase } from './table.ts'

/** A page with each of some strings, and without others. */
export function pageOf(
  name: string,
  path: string,
  { has = [], lacks = [] }: { has?: readonly string[]; lacks?: readonly string[] },
): ConformanceCase {
  const escaped = (text: string): string => text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  const parts = [
    ...has.map((text) => `(?=[^]*${escaped(text)})`),
    ...lacks.map((text) => `(?![^]*${escaped(text)})`),
  ]
  return {
    name,
    path,
    status: 200,
    wants: { 'content-type': /^text\/html/ },
    body: new RegExp(`^${parts.join('')}`),
  }
}

/**
 * Listings of `dir_listing` on a host of its own, without which host.
 *
 * @param hash attributes of the link of a file's hash
 */
export function siteRows(crumbs: string, hash: string): ConformanceCase[] {
  const path = '/%C4%85/%C4%99/'
  return [
    pageOf('no way back from the root', '/', { has: ['Index of'], lacks: ['>..</a>'] }),
    {
      name: 'a folder without its slash',
      path: path.slice(0, -1),
      status: 301,
      wants: { location: path },
    },
    pageOf('way back, breadcrumbs, names and hashes', path, {
      has: [
        'Index of',
        crumbs,
        `<a href="${path}..">..</a>`,
        `<a href="${path}file-%C5%BA%C5%82.txt">file-źł.txt</a>`,
        `<a class="ipfs-hash" translate="no" ${hash}>`,
      ],
    }),
  ]
}

function listingRows(): ConformanceCase[] {
  const car = new FixtureCar('dir_listing/fixtures.car')
  const root = `/ipfs/${car.root}`
  const folder = `${root}/%C4%85/%C4%99`
  const file = car.at('ą', 'ę', 'file-źł.txt')
  const crumbs =
    `${root.slice(0, 6)}<a href="${root}">${car.root}</a>/<a href="${root}/%C4%85">ą</a>` +
    `/<a href="${folder}">ę</a>`
  return [
    { name: 'redirect', path: folder, status: 301, wants: { location: `${folder}/` } },
    pageOf('no way back from the root', `${root}/`, { has: ['Index of'], lacks: ['>..</a>'] }),
    pageOf('way back and breadcrumbs', `${folder}/`, {
      has: ['Index of', crumbs, `<a href="${folder}/..">..</a>`],
    }),
    pageOf('names and hashes', `${folder}/`, {
      has: [
        `<a href="${folder}/file-%C5%BA%C5%82.txt">file-źł.txt</a>`,
        `<a class="ipfs-hash" translate="no" ` +
          `href="/ipfs/${file}?filename=file-%25C5%25BA%25C5%2582.txt">`,
      ],
    }),
  ]
}

function symlinkRows(): ConformanceCase[] {
  const { root } = new FixtureCar('path_gateway_unixfs/symlink.car')
  return [
    pageOf('folder', `/ipfs/${root}/`, { has: ['>foo<', '>bar<'] }),
    { name: 'target', path: `/ipfs/${root}/foo`, status: 200, body: /./ },
    {
      name: 'link',
      path: `/ipfs/${root}/bar`,
      status: 200,
      wants: { 'content-type': 'inode/symlink' },
      body: /^foo$/,
    },
  ]
}

function escapeRows(): ConformanceCase[] {
  const { root } = new FixtureCar('path_gateway_unixfs/dir-with-percent-encoded-filename.car')
  const name = 'Portugal%252C+Espa%C3%B1a=Peninsula%20Ib%C3%A9rica.txt'
  return [{ name: 'a name is decoded once', path: `/ipfs/${root}/${name}`, status: 200 }]
}

/** Folders of a host are on that host: `//api/` would be another. */
export function slashRows(): ConformanceCase[] {
  return ['//api', '///api', '/.//api', '/\\api'].map((path) => ({
    name: `the way to ${path} leads to no other host`,
    path,
    status: 301,
    wants: { location: '/api/' },
  }))
}

/** Groups of spec path-unixfs-gateway about folders, symbolic links and names. */
export const folderGroups: readonly ConformanceGroup[] = [
  { name: 'TestUnixFSDirectoryListing', rows: listingRows },
  { name: 'TestGatewaySymlink', rows: symlinkRows },
  { name: 'TestPathGatewayMiscellaneous', rows: escapeRows },
]
