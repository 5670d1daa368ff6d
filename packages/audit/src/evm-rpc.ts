/**
 * Asks nodes of EVM chains, by JSON-RPC over HTTP, with bounds.
 * Source: Ethereum's execution APIs.
 * @module
 */

/** Time for one answer, and its bytes. */
export const RPC_MS_MAX = 15_000
export const RPC_BYTES_MAX = 4_194_304

/** A node that could not be asked, or did not answer as nodes do. */
export class RpcUnavailable extends Error {
  override readonly name = 'RpcUnavailable'
}

/** A contract did not do what it was called for. */
export class Reverted extends Error {
  override readonly name = 'Reverted'
  /** What it said instead: 0x-hex, empty when the node does not tell. */
  readonly data: string
  constructor(method: string, data: string) {
    super(`${method} expected a result, the contract failed with ${data}`)
    this.data = data
  }
}

/**
 * Calls a method.
 *
 * @throws {RpcUnavailable} when there is no answer
 * @throws {Reverted} when a contract failed
 * @example
 * const chainId = Number(await callNode('https://node.example', 'eth_chainId', []))
 */
export async function callNode(
  rpc: string,
  method: string,
  params: readonly unknown[],
  msMax: number = RPC_MS_MAX,
): Promise<unknown> {
  const answer = await ask(rpc, { jsonrpc: '2.0', id: 1, method, params }, msMax)
  const { result, error } = answer
  if (result !== undefined && result !== null) return result
  const { code, message, data } = (error ?? {}) as Partial<Record<string, unknown>>
  // Nodes say so by the code 3, or in words only.
  if (code === 3 || /revert/i.test(String(message)))
    throw new Reverted(method, typeof data === 'string' ? data : '0x')
  throw new RpcUnavailable(`${method} expected a result, got ${String(message ?? 'none')}`)
}

async function ask(
  rpc: string,
  body: object,
  msMax: number,
): Promise<{ readonly result?: unknown; readonly error?: unknown }> {
  try {
    const response = await fetch(rpc, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(msMax),
    })
    const answer: unknown = JSON.parse(await boundedText(response))
    if (typeof answer === 'object' && answer !== null) return answer
    throw new RpcUnavailable('node expected to answer an object, got something else')
  } catch (cause) {
    if (cause instanceof RpcUnavailable) throw cause
    // Its address may have a secret in it, and is known to whoever gave it.
    throw new RpcUnavailable('node expected to answer in JSON, did not', { cause })
  }
}

async function boundedText(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let [bytes, text] = [0, '']
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > RPC_BYTES_MAX)
      throw new RpcUnavailable(`node expected to answer <= ${RPC_BYTES_MAX} bytes, got more`)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
