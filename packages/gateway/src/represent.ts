/**
 * From an authorized path to content: resolve, then the representation that is asked for.
 * @module
 */
import { type Link, linkToString } from '@turnpike/core/link'
import { type BlockFormat, blockContent, formatsOfCodec, isCodecFormat } from './format/block.ts'
import { blobContent } from './format/blob.ts'
import type { CarParams } from './format/car-params.ts'
import { type ContentPath, siteNames } from './parse-request.ts'
import type { Hasher } from '@turnpike/core/ports/runtime'
import type { Wanted } from './negotiate.ts'
import { type Content, bytesContent } from './format/content.ts'
import { type Result, fail, ok } from '@turnpike/core/result'
import { type Resolved, resolvePath, step } from './walk/resolve-path.ts'
import { fileContent, symlinkContent } from './format/file.ts'
import { BlockMissing } from './blocks/errors.ts'
import type { BlockSession } from './blocks/session.ts'
import { LISTING_ENTRIES_MAX } from '@turnpike/core/limits'
import type { FileNode, Nodes, PbNode, WalkError } from './walk/nodes.ts'
import { carContent } from './format/car.ts'
import { folderEntries } from './walk/folder-entries.ts'
import { contentLocation } from './format/content-location.ts'
import type { HeaderLine } from './meter.ts'
import { listingContent } from './format/listing.ts'
import { notUnixfs } from './format/tar-pieces.ts'
import { previewContent } from './format/preview.ts'
import { RequestError } from './errors.ts'
import { followRedirects } from './redirects-file/follow.ts'
import type { RedirectsFileInvalid } from './redirects-file/rule.ts'
import type { RedirectsFiles } from './redirects-file/files.ts'
import { expandFor } from './format/car-scope.ts'
import { tarContent } from './format/tar.ts'
import { unsupported } from './walk/unsupported.ts'

/** What the stage works on. */
export interface RepresentRequest {
  readonly nodes: Nodes
  readonly session: BlockSession
  readonly hasher: Hasher
  readonly redirects: RedirectsFiles
  readonly path: ContentPath
  readonly wanted: Wanted
}

/** Content for a path in one space. Nothing of a body is fetched yet. */
export async function represent(
  request: RepresentRequest,
): Promise<Result<Content, WalkError | RedirectsFileInvalid>> {
  const { nodes, session, path, wanted } = request
  if (wanted.format === 'blob') return wholeBlob(request)
  if (wanted.format === 'raw' && path.segments.length === 0) return rawRoot(request)
  const resolved = await resolvePath(nodes, session, path.root, path.segments)
  if (resolved.error) return isLost(request, resolved.error) ? lost(request, resolved) : resolved
  return contentAt(request, resolved.ok)
}

async function contentAt(
  request: RepresentRequest,
  resolved: Resolved,
): Promise<Result<Content, WalkError>> {
  const { kind, link } = resolved.node
  // A node that was decoded is here.
  if (kind !== 'dag-pb' && (await isElsewhere(request, link)))
    return fail(new BlockMissing(linkToString(link)))
  const content = await contentOf(request, resolved)
  return content.error ? content : ok(withRoots(content.ok, request, resolved))
}

/** Whether only what is here is wanted, and a block is not. */
async function isElsewhere({ session }: RepresentRequest, link: Link): Promise<boolean> {
  return session.hereOnly && !(await session.isHere(link))
}

/** Only where each site has an origin of its own may one site's file speak for all its paths. */
function isLost({ path, wanted }: RepresentRequest, error: WalkError): boolean {
  return error.name === 'PathNotFound' && path.site.kind !== 'path' && wanted.format === undefined
}

/** A path that a site does not have: perhaps its `_redirects` file knows better. */
async function lost(
  request: RepresentRequest,
  missing: { readonly error: WalkError },
): Promise<Result<Content, WalkError | RedirectsFileInvalid>> {
  const { nodes, session, path } = request
  const followed = await followRedirects(request)
  if (followed.error) return followed
  if (followed.ok.to === 'nowhere') return missing
  const { status } = followed.ok
  if (followed.ok.to === 'location')
    return ok(withPath(redirect(followed.ok.location, status), path))
  const { names } = followed.ok
  const denied = path.name && session.guard.name(path.name.text, names)
  if (denied !== undefined) return fail(denied)
  const segments = [...siteNames(path), ...names]
  const resolved = await resolvePath(nodes, session, path.root, segments)
  if (resolved.error) return resolved.error.name === 'PathNotFound' ? missing : resolved
  // The address stays as it was asked, so a folder has no address to send anybody to.
  const page = { ...path, segments, askedSegments: names, trailingSlash: true }
  const content = await contentAt({ ...request, path: page }, resolved.ok)
  if (content.error || status === 200) return content
  return ok({ ...content.ok, status, ranged: false })
}

/** A block that is asked for by its own CID needs no decoding, whatever its codec. */
async function rawRoot(request: RepresentRequest): Promise<Result<Content, WalkError>> {
  const { path, session } = request
  const denied = session.guard.node(path.root)
  if (denied !== undefined) return fail(denied)
  if (await isElsewhere(request, path.root)) return fail(new BlockMissing(linkToString(path.root)))
  const content = await block(request, path.root, 'raw')
  if (content.error) return content
  const roots = [path.root]
  return ok(withRoots(content.ok, request, { roots }))
}

/** A blob has no path and no codec, so nothing is said of them. */
async function wholeBlob(request: RepresentRequest): Promise<Result<Content, WalkError>> {
  const { nodes, session, path } = request
  const link = path.root
  const denied = session.guard.node(link)
  if (denied !== undefined) return fail(denied)
  const sizeBytes = (await isElsewhere(request, link)) ? undefined : await session.sizeOf(link)
  if (sizeBytes === undefined) return fail(new BlockMissing(linkToString(link)))
  return ok(blobContent({ nodes, session, link, sizeBytes }))
}

async function contentOf(
  request: RepresentRequest,
  resolved: Resolved,
): Promise<Result<Content, WalkError>> {
  const { wanted } = request
  const { node } = resolved
  const { link } = node
  if (wanted.format === 'raw') return block(request, link, 'raw')
  if (wanted.format === 'car') return car(request, resolved, wanted.car!)
  if (wanted.format === 'tar')
    return node.kind === 'other' ? fail(notUnixfs(link)) : tar(request, link)
  if (node.kind === 'other') return codec(request, link)
  // What is stored as JSON in UnixFS is a file whose name or bytes tell its type.
  if (wanted.format === 'dag-json' || wanted.format === 'dag-cbor')
    return fail(mismatch(wanted.format, link))
  if (node.kind === 'raw') return file(request, node)
  if (node.unixfs.type === 'symlink') return ok(symlinkContent(node))
  if (node.unixfs.type === 'directory' || node.unixfs.type === 'hamt')
    return folderContent(request, node)
  return file(request, node)
}

function file(
  { nodes, session, path: { params, segments } }: RepresentRequest,
  root: FileNode,
): Promise<Result<Content, WalkError>> {
  const name = params.get('filename') || (segments.at(-1) ?? '')
  return fileContent({ nodes, session, root, tag: root.link, name, params })
}

/** The root must be there before a CAR of it is promised. */
async function car(
  { session, hasher, path }: RepresentRequest,
  { node, trail }: Resolved,
  params: CarParams,
): Promise<Result<Content, WalkError>> {
  const target = node.link
  const sizeBytes = await session.sizeOf(target)
  if (sizeBytes === undefined) return fail(new BlockMissing(linkToString(target)))
  const expand = expandFor(node, sizeBytes, params)
  if (expand.error) return expand
  return ok(carContent({ session, hasher, path, params, trail, target, ...expand.ok }))
}

async function block(
  { nodes, session, path }: RepresentRequest,
  link: Link,
  format: BlockFormat,
): Promise<Result<Content, WalkError>> {
  const sizeBytes = await session.sizeOf(link)
  if (sizeBytes === undefined) return fail(new BlockMissing(linkToString(link)))
  return ok(blockContent({ nodes, session, link, sizeBytes, format, params: path.params }))
}

async function codec(request: RepresentRequest, link: Link): Promise<Result<Content, WalkError>> {
  const { format } = request.wanted
  const known = formatsOfCodec(link.codec)
  if (isCodecFormat(format))
    return known.includes(format) ? block(request, link, format) : fail(mismatch(format, link))
  if (known.length === 0) return fail(unsupported(link.codec))
  return request.wanted.html ? preview(request, link) : block(request, link, known[0]!)
}

/** The root must be there before a TAR of it is promised. */
async function tar(
  { session, path }: RepresentRequest,
  target: Link,
): Promise<Result<Content, WalkError>> {
  const sizeBytes = await session.sizeOf(target)
  if (sizeBytes === undefined) return fail(new BlockMissing(linkToString(target)))
  return ok(tarContent({ session, target, asked: path }))
}

/** The page about a block, for browsers; without a trailing slash, the way to it. */
async function preview(
  { nodes, session, path }: RepresentRequest,
  link: Link,
): Promise<Result<Content, WalkError>> {
  const sizeBytes = await session.sizeOf(link)
  if (sizeBytes === undefined) return fail(new BlockMissing(linkToString(link)))
  if (path.trailingSlash) return ok(previewContent({ nodes, session, link, sizeBytes, path }))
  return ok({ ...redirect(`${path.escapedPath}/${path.query}`), forBrowsers: true })
}

function mismatch(format: string, link: Link): RequestError {
  const stored = `0x${link.codec.toString(16)}`
  return new RequestError(
    'NotAcceptable',
    `codec of ${linkToString(link)} expected ${format}, got ${stored}: blocks are not converted`,
  )
}

/** A folder: its index.html, else its listing; without a trailing slash, the way to it. */
async function folderContent(
  request: RepresentRequest,
  folder: PbNode,
): Promise<Result<Content, WalkError>> {
  const { nodes, session, path } = request
  const { params } = path
  if (!path.trailingSlash && params.get('go-get') !== '1')
    return ok(redirect(`${path.escapedPath}/${path.query}`))
  const denied = session.guard.path(folder.link, ['index.html'])
  if (denied !== undefined) return fail(denied)
  const index = await step(nodes, session, folder, 'index.html')
  if (index.ok) {
    const root = await nodes.load(session, index.ok)
    if (root.error) return root
    if (root.ok.kind === 'other' || (root.ok.kind === 'dag-pb' && root.ok.unixfs.type !== 'file'))
      return fail(new RequestError('MalformedBlock', 'index.html expected to be a file, is not'))
    return fileContent({
      nodes,
      session,
      root: root.ok,
      tag: folder.link,
      name: 'index.html',
      params,
    })
  }
  if (index.error.name !== 'PathNotFound') return index
  return listing(request, folder)
}

async function listing(
  { nodes, session, path }: RepresentRequest,
  folder: PbNode,
): Promise<Result<Content, WalkError>> {
  const listed = await folderEntries(nodes, session, folder, LISTING_ENTRIES_MAX)
  if (listed.error) return listed
  const sizeBytes = listed.ok.entries.reduce((sum, entry) => sum + entry.tsizeBytes, 0)
  return ok(
    listingContent({
      site: path.site,
      params: path.params,
      namespace: path.namespace,
      rootText: path.rootText,
      segments: path.askedSegments,
      cid: linkToString(folder.link),
      sizeBytes,
      ...listed.ok,
    }),
  )
}

const PERMANENT: ReadonlySet<number> = new Set([301, 308])

function redirect(location: string, status = 301): Content {
  const page = {
    status,
    etag: '',
    headers: [['Location', location] as const],
    lifetime: PERMANENT.has(status) ? ('immutable' as const) : ('unsaid' as const),
    ranged: false,
    billable: false,
  }
  const text = `moved to ${location}\n`
  return bytesContent(
    { ...page, type: 'text/plain; charset=utf-8' },
    new TextEncoder().encode(text),
  )
}

function withRoots(
  content: Content,
  { path, wanted }: RepresentRequest,
  { roots }: Pick<Resolved, 'roots'>,
): Content {
  const list = roots.map(linkToString).join(',')
  const tags = roots.every(({ version }) => version === 1) ? list : roots.map(tagOf).join(',')
  const said = withPath(content, path)
  const more: HeaderLine[] = [['X-Ipfs-Roots', list]]
  const location = content.status === 200 ? contentLocation(path, wanted) : undefined
  if (location !== undefined) more.push(location)
  return { ...said, tags, headers: [...said.headers, ...more] }
}

/** One name for a block, whichever version of its CID it is asked by. */
function tagOf(link: Link): string {
  return linkToString({ ...link, version: 1 })
}

function withPath(content: Content, { contentPath }: ContentPath): Content {
  const more = [['X-Ipfs-Path', contentPath] as const, ['Vary', 'Accept'] as const]
  return { ...content, headers: [...content.headers, ...more] }
}
