/**
 * Delegated routing: who has a block, as far as they send it over trustless HTTP.
 * Sources: "Delegated Routing V1 HTTP API"; trustless gateway specification.
 * @module
 */
import { BLOCK_BYTES_MAX } from '@turnpike/core/limits'
import {
  PROVIDER_GATEWAYS_MAX,
  PROVIDERS_ANSWER_BYTES_MAX,
  SERVICE_QUESTIONS_MAX,
} from '@turnpike/core/limits/claims'
import { linkToString, RAW } from '@turnpike/core/link'
import { httpGatewaysIn } from '@turnpike/core/locate/providers'
import { originOf } from '@turnpike/core/origin/address'
import { statusFault } from '@turnpike/core/origin/range-response'
import { OriginFault } from '@turnpike/core/ports/blob'
import { fail, ok, type Result } from '@turnpike/core/result'
import type { HttpTransport } from '../origins/transport.ts'
import { getAnswer } from './get-answer.ts'
import { inTurns } from './in-turns.ts'
import type { Dialect, GatewayPlace } from './service.ts'

/** What a router is asked with. */
export interface RouterOptions {
  /** Its URL; `/routing/v1` is appended. */
  readonly base: string
  /** For the router itself, which is the operator's choice. */
  readonly transport: Pick<HttpTransport, 'send'>
  /** For the gateways that it names, which are anybody's. */
  readonly foreign: Pick<HttpTransport, 'send'>
}

type Found = Result<{ readonly place: GatewayPlace | undefined }, Error>

const NOWHERE: Found = ok({ place: undefined })

/**
 * A Delegated Routing endpoint. Blocks are looked for one by one, and gateways that had something
 * lately are asked before the router is: who has a root mostly has what is below it.
 *
 * @example
 * const dialect = router({ base: 'https://router.example', transport, foreign })
 */
export function router(options: RouterOptions): Dialect {
  let lately: readonly string[] = []
  const find = async (multihash: Uint8Array, signal: AbortSignal): Promise<Found> => {
    const near = await holders(options.foreign, lately, multihash, signal)
    if (near.ok?.place !== undefined) return near
    const gateways = await gatewaysOf(options, multihash, signal)
    if (gateways.error) return gateways
    const found = await holders(options.foreign, gateways.ok, multihash, signal)
    const bases = found.ok?.place?.urls.map(originOf) ?? []
    lately = [...new Set([...bases, ...lately])].slice(0, PROVIDER_GATEWAYS_MAX)
    return found
  }
  return {
    ofNoSpace: true,
    async ask({ multihashes }, signal) {
      const answers = await inTurns(multihashes, SERVICE_QUESTIONS_MAX, (one) => find(one, signal))
      const failed = answers.find(({ error }) => error !== undefined)
      if (failed?.error) return fail(failed.error)
      const gateways = answers.flatMap(({ ok: found }) => found?.place ?? [])
      return ok({ claims: [], indexes: [], gateways })
    },
  }
}

async function gatewaysOf(
  { base, transport }: RouterOptions,
  multihash: Uint8Array,
  signal: AbortSignal,
): Promise<Result<readonly string[], Error>> {
  const cid = linkToString({ version: 1, codec: RAW, multihash })
  const url = new URL(`${base.replace(/\/+$/, '')}/routing/v1/providers/${cid}`)
  const accept = 'application/x-ndjson, application/json;q=0.9'
  const asking = { url, accept, bytesMax: PROVIDERS_ANSWER_BYTES_MAX }
  const asked = await getAnswer(transport, asking, signal)
  if (asked.error) return asked
  const { found } = asked.ok
  if (found === undefined) return ok([])
  const form = found.type.startsWith('application/x-ndjson') ? 'ndjson' : 'json'
  const gateways = httpGatewaysIn(new TextDecoder().decode(found.bytes), form)
  return gateways === undefined
    ? fail(new Error(`provider records expected in ${form}, got something else`))
    : ok(gateways)
}

/**
 * Those of some gateways that say they have a block, and its size: that of the first that does. An
 * error where none says so, and one that might did not say.
 */
async function holders(
  foreign: RouterOptions['foreign'],
  bases: readonly string[],
  multihash: Uint8Array,
  signal: AbortSignal,
): Promise<Found> {
  const cid = linkToString({ version: 1, codec: RAW, multihash })
  const urls = bases.map((base) => `${base}/ipfs/${cid}?format=raw`)
  const sizes = await Promise.all(urls.map((url) => sizeAt(foreign, new URL(url), signal)))
  const known = sizes.find((size) => size.ok?.bytes !== undefined)
  const sizeBytes = known?.ok?.bytes
  if (sizeBytes === undefined) {
    const failed = sizes.find(({ error }) => error !== undefined)?.error
    return failed === undefined ? NOWHERE : fail(failed)
  }
  const urlsOfSize = urls.filter((_, i) => sizes[i]!.ok?.bytes === sizeBytes)
  return ok({ place: { multihash, sizeBytes, urls: urlsOfSize } })
}

/** Size of a block at a gateway, by its head alone; undefined when it is not there. */
async function sizeAt(
  foreign: RouterOptions['foreign'],
  url: URL,
  signal: AbortSignal,
): Promise<Result<{ readonly bytes: number | undefined }, OriginFault>> {
  const headers = { accept: 'application/vnd.ipld.raw', 'accept-encoding': 'identity' }
  const provider = originOf(url.href)
  const sent = await foreign.send({ url, headers, provider, method: 'HEAD' }, signal)
  if (sent.error) return sent
  const { request, response } = sent.ok
  request.destroy()
  const { statusCode = 0 } = response
  if (statusCode === 404 || statusCode === 410) return ok({ bytes: undefined })
  if (statusCode !== 200) return fail(statusFault(provider, statusCode, 200))
  const bytes = Number(response.headers['content-length'] ?? 'none')
  if (Number.isSafeInteger(bytes) && bytes <= BLOCK_BYTES_MAX) return ok({ bytes })
  const message = `origin ${provider} expected to say a size of <= ${BLOCK_BYTES_MAX} bytes`
  return fail(new OriginFault('OriginLied', provider, message))
}
