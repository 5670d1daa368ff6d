/**
 * The stages from a request to a representation: parse → name → locate → authorize → represent.
 * @module
 */
import type { ContentPath } from './parse-request.ts'
import { type Denylist, noDenylist } from '@turnpike/core/ports/deny'
import { type ContentDenied, ReadGuard, deniedBy } from './deny/guard.ts'
import { guarded } from './deny/guarded-body.ts'
import { namesOf } from './deny/names-of.ts'
import { named } from './naming.ts'
import { noRecord, putRecord, recordAnswer, recordAskedBy } from './names/ipns-record.ts'
import { type Routed, route } from './hosts/route.ts'
import { CacheRules } from './caching.ts'
import { type Wanted, negotiate } from './negotiate.ts'
import { NODE_CACHE_BYTES_MAX, PARSED_URLS_MAX } from '@turnpike/core/limits'
import {
  type Representation,
  type Serving,
  serveContent,
  serveUnread,
  wholeSmall,
} from './format/serve.ts'
import { type Awaitable, type Result, fail, ok } from '@turnpike/core/result'
import { BlockSession, identityBytes, knownBytes } from './blocks/session.ts'
import { AnswerCache } from './answer-cache.ts'
import { BlockEngine } from './blocks/engine.ts'
import type { Content } from './format/content.ts'
import type { GatewayDeps } from './deps.ts'
import type { GatewayRequest } from './request.ts'
import { LRUCache } from 'lru-cache'
import { Lease, leased } from './lease.ts'
import { Locator } from './locate.ts'
import { Nodes } from './walk/nodes.ts'
import { RedirectsFiles } from './redirects-file/files.ts'
import { RequestError } from './errors.ts'
import type { Authorization, Authorizer } from '@turnpike/core/ports/content'
import type { LocatorFault, SpaceDid } from '@turnpike/core/ports/content'
import { optionsAnswer, redirectAnswer } from './plain-answer.ts'
import { quotaError } from './quota/answer.ts'
import { failedLocator, isElsewhere } from './elsewhere.ts'
import { refusedScript } from './refused-script.ts'
import { represent } from './represent.ts'
import { refuseTooLarge } from './too-large.ts'
import { NOT_TRUSTLESS, type TrustlessSettings, refuseUnverifiable } from './trustless.ts'
import type { ReadContext } from './read-context.ts'
import { wantsCached } from './only-if-cached.ts'
import { Retrieving, type Admitted, type AdmittedRead } from './retrieving.ts'
import { tokenOf } from './parse-request.ts'

/** Who lets it be read, in the order in which they pay; at least one. */
type Granted = Result<readonly Authorization[], RequestError | LocatorFault>

/** What is asked for, whoever has it. */
interface Asked {
  readonly path: ContentPath
  readonly wanted: Wanted
  readonly token: string | undefined
}

/** What one space is asked for. */
interface SpaceRead extends Asked {
  readonly space: SpaceDid
  /** Whether it was a token that opened it. */
  readonly byToken: boolean
  /** Key of the kept answer; undefined for a request with a token, whose answer is never kept. */
  readonly key: string | undefined
  /** Says whether it may be read on, where that is not for the authorizer to say. */
  readonly leave?: Authorizer
  /** Lets it be read, once: called when it is found, before any of it is fetched. */
  readonly spend?: AdmittedRead['spend'] | undefined
}

/** The stages over one process's caches. */
export class ReadPath {
  readonly #deps: GatewayDeps
  readonly #routes = new LRUCache<string, Routed>({ max: PARSED_URLS_MAX })
  readonly #nodes: Nodes
  readonly #engine: BlockEngine
  readonly #locator: Locator
  readonly #answers: AnswerCache
  readonly #cacheRules: CacheRules
  readonly #redirects = new RedirectsFiles()
  readonly #denylist: Denylist
  readonly #trustless: TrustlessSettings
  readonly #hostSpaces: ReadonlyMap<string, readonly SpaceDid[]>
  readonly #retrieving: Retrieving | undefined
  /** Paths that are not denied, by the generation of the lists that say so. */
  readonly #passed = new WeakMap<ContentPath, number>()
  /** Blocks of an identity CID belong to nobody: they are served to all, on our account. */
  readonly #own: Result<readonly Authorization[], RequestError>

  constructor(deps: GatewayDeps) {
    this.#deps = deps
    this.#own = ok([{ space: deps.provider, expiresMs: undefined, byToken: false }])
    this.#nodes = new Nodes(deps.nodeCacheBytesMax ?? NODE_CACHE_BYTES_MAX)
    this.#engine = new BlockEngine(deps)
    this.#locator = new Locator(deps)
    this.#answers = new AnswerCache(deps.answerCacheBytesMax)
    this.#cacheRules = new CacheRules(deps.sharedCaching)
    this.#denylist = deps.denylist ?? noDenylist
    this.#trustless = deps.trustless ?? NOT_TRUSTLESS
    this.#hostSpaces = deps.hostSpaces ?? new Map()
    this.#retrieving = deps.retrievals && new Retrieving(deps.retrievals)
  }

  /**
   * Answers a request as far as an expected outcome goes; what is thrown is a broken invariant.
   * What is kept whole, and may be read by all, is answered at once: promises would cost a fifth of
   * its time.
   */
  answer(context: ReadContext): Awaitable<Result<Representation, Error>> {
    const { method, url } = context.request
    if (method !== 'GET' && method !== 'HEAD') return this.#answerOther(context.request)
    const routed = this.#route(url)
    if (routed.ok?.to === 'content') return this.#read(context, routed.ok.path)
    return this.#follow(context, routed)
  }

  #answerOther(request: GatewayRequest): Awaitable<Result<Representation, Error>> {
    if (request.method === 'OPTIONS') return ok(optionsAnswer())
    return request.method === 'PUT' ? this.#put(request) : fail(methodNotAllowed(request.method))
  }

  async #follow(context: ReadContext, routed: Routed): Promise<Result<Representation, Error>> {
    const { request } = context
    if (routed.ok?.to === 'name') {
      const record = recordAskedBy(routed.ok.path, request)
      if (record.ok) return recordAnswer(record.ok, this.#deps, request)
      const unverifiable = refuseUnverifiable(routed.ok.path, undefined, this.#trustless)
      if (unverifiable !== undefined) return fail(unverifiable)
      if (record.error) return record
    }
    const followed = await named(routed, this.#deps, request.signal)
    if (followed.error) return followed
    if (followed.ok.to === 'redirect')
      return ok(redirectAnswer(followed.ok, this.#cacheRules.ofRedirect))
    if (followed.ok.to === 'record') return recordAnswer(followed.ok.asked, this.#deps, request)
    return this.#read(context, followed.ok.path)
  }

  /** Records of names are all that can be put. */
  async #put(request: GatewayRequest): Promise<Result<Representation, Error>> {
    const routed = this.#route(request.url)
    if (routed.error) return routed
    if (routed.ok.to !== 'record' && routed.ok.to !== 'dnslink')
      return fail(methodNotAllowed(request.method))
    const followed = await named(routed, this.#deps, request.signal)
    if (followed.ok?.to !== 'record') return fail(methodNotAllowed(request.method))
    return putRecord(followed.ok.asked, this.#deps, request)
  }

  #route(url: string): Routed {
    const known = this.#routes.get(url)
    if (known !== undefined) return known
    const routed = route(url, this.#deps.hosts)
    if (routed.ok) this.#routes.set(url, routed)
    return routed
  }

  #read(context: ReadContext, path: ContentPath): Awaitable<Result<Representation, Error>> {
    const { request } = context
    context.path = path
    const denied = this.#denied(path)
    if (denied !== undefined) return fail(denied)
    const script = refusedScript(path, request.headers)
    if (script !== undefined) return fail(script)
    const wanted = negotiate(path, request)
    if (wanted.error) return wanted
    if (wanted.ok.format === 'ipns-record') return fail(noRecord())
    const unverifiable = refuseUnverifiable(path, wanted.ok.format, this.#trustless)
    if (unverifiable !== undefined) return fail(unverifiable)
    const admitted = this.#retrieving?.admit(path, request)
    if (admitted !== undefined) return this.#retrieve(context, path, wanted.ok, admitted)
    const token = tokenOf(path, request)
    const authorized = this.#authorize(path, token, wantsCached(request))
    const asked = { path, wanted: wanted.ok, token }
    return authorized instanceof Promise
      ? authorized.then((verdict) => this.#answer(context, verdict, asked))
      : this.#answer(context, authorized, asked)
  }

  /** A blob for who signed for it, whoever else may have it. */
  async #retrieve(
    context: ReadContext,
    path: ContentPath,
    wanted: Wanted,
    admitting: Promise<Admitted>,
  ): Promise<Result<Representation, Error>> {
    const admitted = await admitting
    if (admitted.error) return admitted
    if (admitted.ok.answer !== undefined) return ok(admitted.ok.answer)
    const { space, invoker, request, leave, receipted } = admitted.ok
    // Every space has what its address tells: remembering who had that would be room for anybody.
    const spend = knownBytes(path.root) === undefined ? admitted.ok.spend : undefined
    const tooOften = await this.#deps.identities?.takeSigner(invoker)
    if (tooOften !== undefined) return fail(tooOften)
    context.request = request
    const refused = await this.#refusedByPlan(context, space)
    if (refused !== undefined) return receipted(refused)
    const kept = { token: undefined, key: undefined }
    const read = { path, wanted, space, leave, spend, byToken: true, ...kept }
    return receipted(await this.#answerFresh(context, read).catch(failedLocator))
  }

  #answer(
    context: ReadContext,
    granted: Granted,
    asked: Asked,
  ): Awaitable<Result<Representation, Error>> {
    if (granted.error) return granted
    const tooOften = this.#deps.identities?.take(granted.ok[0]!, asked.token)
    if (tooOften === undefined) return this.#answerGranted(context, granted.ok, asked)
    if (!(tooOften instanceof Promise)) return fail(tooOften)
    return tooOften.then((error) =>
      error === undefined ? this.#answerGranted(context, granted.ok, asked) : fail(error),
    )
  }

  #answerGranted(
    context: ReadContext,
    granted: readonly Authorization[],
    asked: Asked,
  ): Awaitable<Result<Representation, Error>> {
    const first = granted[0]!
    const isJudged = this.#deps.quota?.refusal(first.space) === undefined
    const kept = isJudged ? this.#answerKept(context, this.#readOf(first, asked)) : undefined
    return kept ?? this.#answerInTurn(context, granted, asked, isJudged)
  }

  /** What a space is told whose customer has no quota left. */
  async #refusedByPlan(
    context: ReadContext,
    space: SpaceDid,
  ): Promise<Result<never, RequestError> | undefined> {
    const refused = await this.#deps.quota?.refusal(space)
    if (refused === undefined) return undefined
    context.space = space
    return fail(quotaError(refused))
  }

  /** Whether a path is denied as it was asked; before anybody is asked for leave to read it. */
  #denied(path: ContentPath): ContentDenied | undefined {
    const { generation, empty } = this.#denylist
    if (empty || this.#passed.get(path) === generation) return undefined
    const { root, segments } = path
    // Where the root is denied, only what is excepted below it may be asked for.
    const verdict = this.#denylist.content(root, segments) ?? this.#denylist.content(root, [])
    const denied = deniedBy(verdict)
    if (denied === undefined) this.#passed.set(path, generation)
    return denied
  }

  #authorize(path: ContentPath, token: string | undefined, hereOnly: boolean): Awaitable<Granted> {
    if (identityBytes(path.root) !== undefined) return this.#own
    const spaces = path.query === '' ? [] : path.params.getAll('space')
    const only = [...spaces, ...(this.#hostSpaces.get(path.domain) ?? [])]
    return this.#locator.authorize(path.root.multihash, { token, only, hereOnly })
  }

  /**
   * A block that the first space lacks, or that can't be had from where its claims say, or for
   * which its customer has no quota left, may be had in the next one that authorizes: until the
   * first byte is out, that one may answer, and pays.
   *
   * @param isJudged whether the first may answer, and nothing is kept of it
   */
  async #answerInTurn(
    context: ReadContext,
    granted: readonly Authorization[],
    asked: Asked,
    isJudged: boolean,
  ): Promise<Result<Representation, Error>> {
    let failed: { outcome: Result<Representation, Error>; space: string } | undefined
    for (const [i, authorization] of granted.entries()) {
      const outcome = await this.#answerOne(context, authorization, asked, isJudged && i === 0)
      if (!isElsewhere(outcome.error)) return outcome
      // That something can't be had now is never told as that it is not there.
      if (failed === undefined || failed.outcome.error!.name === 'BlockMissing')
        failed = { outcome, space: context.space }
    }
    context.space = failed!.space
    return failed!.outcome
  }

  async #answerOne(
    context: ReadContext,
    authorization: Authorization,
    asked: Asked,
    isJudged: boolean,
  ): Promise<Result<Representation, Error>> {
    const read = this.#readOf(authorization, asked)
    const refused = isJudged ? undefined : await this.#refusedByPlan(context, read.space)
    if (refused !== undefined) return refused
    const kept = isJudged ? undefined : this.#answerKept(context, read)
    return Promise.resolve(kept ?? this.#answerFresh(context, read)).catch(failedLocator)
  }

  #readOf({ space, byToken }: Authorization, { path, wanted, token }: Asked): SpaceRead {
    const { generation } = this.#denylist
    const key =
      token === undefined ? this.#answers.keyOf(space, path, wanted.format, generation) : undefined
    return { space, byToken, path, wanted, token, key }
  }

  #answerKept(
    context: ReadContext,
    read: SpaceRead,
  ): Awaitable<Result<Representation, Error>> | undefined {
    const kept = read.key === undefined ? undefined : this.#answers.get(read.key, read.wanted.html)
    this.#deps.observer.cache('answer', kept !== undefined)
    context.space = read.space
    if (kept === undefined) return undefined
    context.fromCache = true
    return serveContent(kept, this.#serving(kept, context.request, read))
  }

  async #answerFresh(
    context: ReadContext,
    read: SpaceRead,
  ): Promise<Result<Representation, Error>> {
    context.space = read.space
    const { hasher } = this.#deps
    const lease = this.#leaseOf(read)
    const guard = new ReadGuard(this.#denylist)
    const tally = context.session?.tally
    const session = new BlockSession(this.#engine, read.space, guard, tally)
    session.hereOnly = wantsCached(context.request)
    context.session = session
    const { clock } = this.#deps
    const times = (context.times ??= { locatedAtMs: clock.monotonicMs(), resolvedAtMs: undefined })
    for (const { text, below } of namesOf(read.path)) {
      const denied = guard.name(text, below)
      if (denied !== undefined) return fail(denied)
    }
    const redirects = this.#redirects
    const content = await represent({ nodes: this.#nodes, session, hasher, redirects, ...read })
    if (content.error) return content
    times.resolvedAtMs = clock.monotonicMs()
    const tooLarge = refuseTooLarge(content.ok, read.wanted.format, this.#deps.responseBytesMax)
    // How large it is, is for who has the token: nobody is to keep that.
    if (tooLarge !== undefined)
      return fail(read.byToken ? new RequestError(tooLarge.name, tooLarge.message) : tooLarge)
    const spent = read.spend?.()
    if (spent?.error) return spent
    const served = await this.#serveFresh(content.ok, context.request, read)
    context.fromCache = session.fetched === 0
    return leased(guarded(served, guard, this.#deps.observer), lease)
  }

  #leaseOf({ space, token, leave }: SpaceRead): Lease | undefined {
    const { clock, authorizer, provider } = this.#deps
    if (leave !== undefined) return new Lease({ clock, authorizer: leave }, space, token)
    return space === provider ? undefined : new Lease({ clock, authorizer }, space, token)
  }

  /** Content that was not kept, and is from now on if it is small. */
  async #serveFresh(
    content: Content,
    request: GatewayRequest,
    read: SpaceRead,
  ): Promise<Result<Representation, Error>> {
    const serving = this.#serving(content, request, read)
    const unread = serveUnread(content, serving)
    if (unread !== undefined) return unread
    return serveContent((await this.#keepSmall(read.key, content, request)) ?? content, serving)
  }

  #serving(content: Content, request: GatewayRequest, { path, byToken }: SpaceRead): Serving {
    const { hasher } = this.#deps
    const caching = this.#cacheRules.linesOf(content, path, byToken)
    return { request, hasher, caching, mutable: path.name !== undefined }
  }

  async #keepSmall(
    key: string | undefined,
    content: Content,
    request: GatewayRequest,
  ): Promise<Content | undefined> {
    if (key === undefined) return undefined
    // A range must not make us fetch leaves that it does not touch.
    if (content.ranged && request.headers.get('range') !== null) return undefined
    const whole = await wholeSmall(content)
    if (whole !== undefined) this.#answers.set(key, whole)
    return whole
  }
}

function methodNotAllowed(method: string): RequestError {
  return new RequestError(
    'MethodNotAllowed',
    `method expected GET, HEAD or OPTIONS, got ${method}`,
    { headers: [['Allow', 'GET, HEAD, OPTIONS']] },
  )
}
