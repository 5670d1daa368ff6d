/**
 * Addresses of a deployment that are not content: they are answered before the gateway, on hosts
 * that are the gateway's own. Elsewhere the same paths are content.
 * @module
 */
import { controlAnswer, type SizedAnswer } from '@turnpike/gateway/control-answer'
import { matchHost, type HostSettings } from '@turnpike/gateway/hosts/settings'
import type { Answer } from '@turnpike/gateway/meter'
import type { Observer } from '@turnpike/gateway/observer'
import type { GatewayRequest } from '@turnpike/gateway/request'
import type { Gateway } from '@turnpike/gateway/types'
import { mayHaveDnsLink } from '@turnpike/core/names/dns-name'
import { type ServiceAnswer, textAnswer } from '@turnpike/service/answer'

/** A request to one of these addresses. */
export interface Asked {
  readonly request: GatewayRequest
  readonly url: URL
  /** What follows the route's path, as it was sent. */
  readonly rest: string
}

/** One address, or all below one. */
export interface Route {
  /** Name in metrics. */
  readonly name: string
  readonly method: 'GET' | 'POST'
  /** A path; one that ends in `/` and is longer stands for all that lie below it. */
  readonly path: string
  /** Undefined for what is not this route's after all. */
  answer(asked: Asked): Promise<SizedAnswer | undefined> | SizedAnswer | undefined
}

/** What a gateway with routes is made of. */
export interface RoutesOptions {
  readonly routes: readonly Route[]
  readonly hosts: HostSettings
  readonly observer: Observer
}

/**
 * A gateway that answers routes first. One whose paths lie below `/ipfs/` or `/ipns/` would never
 * be asked: requests for content pay for a comparison of two characters.
 *
 * @example
 * const gateway = withRoutes(createGateway(deps), { routes, hosts, observer })
 */
export function withRoutes(gateway: Gateway, options: RoutesOptions): Gateway {
  const router = new Router(options)
  return {
    handle(request) {
      if (isContent(request)) return gateway.handle(request)
      return router.handle(request).then((answer) => answer ?? gateway.handle(request))
    },
  }
}

const SLASH = 0x2f
const LETTER_I = 0x69

/** Whether a path starts with `/ip`. */
function isContent({ url }: GatewayRequest): boolean {
  const path = url.indexOf('/', 'https://'.length)
  return url.charCodeAt(path + 1) === LETTER_I && url.charCodeAt(path) === SLASH
}

class Router {
  readonly #options: RoutesOptions

  constructor(options: RoutesOptions) {
    this.#options = options
  }

  async handle(request: GatewayRequest): Promise<Answer | undefined> {
    const url = URL.parse(request.url)
    if (url === null) return undefined
    const routes = this.#options.routes.filter(({ path }) => matches(path, url.pathname))
    if (routes.length === 0 || !this.#isOwn(url)) return undefined
    const { method } = request
    const methods = methodsOf(routes)
    if (method === 'OPTIONS') return this.#told('options', optionsAnswer(methods), methods)
    const asked = method === 'HEAD' ? 'GET' : method
    const here = routes.filter((route) => route.method === asked)
    for (const route of here) {
      const rest = url.pathname.slice(route.path.length)
      const answer = await this.#answer(route, { request, url, rest })
      if (answer !== undefined) return this.#told(route.name, answer, methods)
    }
    if (here.length > 0 || routes.some(({ path }) => path === '/')) return undefined
    const refusal = textAnswer(405, `expected ${methods}, got ${method}`, [['Allow', methods]])
    return this.#told(routes[0]!.name, refusal, methods)
  }

  async #answer(route: Route, asked: Asked): Promise<SizedAnswer | undefined> {
    try {
      return await route.answer(asked)
    } catch (error) {
      this.#options.observer.crash(error)
      return textAnswer(500, 'something broke here: it was noted, please try again')
    }
  }

  #told(name: string, answer: SizedAnswer, methods: string): Answer {
    this.#options.observer.service(name, answer.status)
    return controlAnswer(answer, methods)
  }

  /** A host that has a name of ours, or that can have no content of its own. */
  #isOwn(url: URL): boolean {
    const { named, subdomain } = this.#options.hosts
    if (matchHost(named, url) !== undefined || matchHost(subdomain, url) !== undefined) return true
    return !mayHaveDnsLink(url.hostname) && !isBelow(url.hostname, subdomain)
  }
}

/** Whether a host is that of a root: `<cid>.ipfs.localhost` can have no DNSLink, but content. */
function isBelow(hostname: string, names: ReadonlySet<string>): boolean {
  for (const name of names) {
    const bare = name.replace(/:\d+$/, '')
    if (hostname.endsWith(`.ipfs.${bare}`) || hostname.endsWith(`.ipns.${bare}`)) return true
  }
  return false
}

function matches(path: string, pathname: string): boolean {
  return path.length > 1 && path.endsWith('/') ? pathname.startsWith(path) : pathname === path
}

function methodsOf(routes: readonly Route[]): string {
  const posts = routes.some(({ method }) => method === 'POST')
  const gets = routes.some(({ method, path }) => method === 'GET' || path === '/')
  return [...(gets ? ['GET', 'HEAD'] : []), ...(posts ? ['POST'] : []), 'OPTIONS'].join(', ')
}

/** A browser asks before it sends a CAR. */
function optionsAnswer(methods: string): ServiceAnswer {
  const headers = [
    ['Allow', methods],
    ['Access-Control-Max-Age', '86400'],
  ] as const
  return { status: 204, headers, body: new Uint8Array() }
}
