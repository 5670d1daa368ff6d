/**
 * Signed messages to an address of the operator's choice.
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { QUOTA_WEBHOOK_SKEW_MS, QUOTA_WEBHOOK_TIMEOUT_MS } from '@turnpike/core/limits/billing'
import type { Settings } from '../config/settings.ts'
import { publicLookup, refusalOf } from '../origins/address.ts'

/** Header field of the signature: `t=<seconds>,v1=<hex>`. */
export const SIGNATURE_HEADER = 'turnpike-signature'
/** Header field of the event's id. */
export const EVENT_HEADER = 'turnpike-event'

const SECOND_MS = 1000

/** Where messages go, and how they are signed. */
export interface WebhookTarget {
  /** Name of the setting that has the address. */
  readonly setting: 'quotaWebhook' | 'statementWebhook'
  readonly url: URL
  readonly secret: Uint8Array
  /** Lets it be http, or at a private address. */
  readonly allowPrivate: boolean
}

/**
 * A target as settings have it: the secret is the first line of the file that the setting
 * `<setting>Secret` names.
 *
 * @throws {RangeError} when there is no such setting, or no secret
 * @example
 * const target = webhookTarget('quotaWebhook', address, settings)
 */
export function webhookTarget(
  setting: WebhookTarget['setting'],
  address: string,
  settings: Pick<Settings, `${WebhookTarget['setting']}Secret` | 'allowPrivateOrigins'>,
): WebhookTarget {
  const path = settings[`${setting}Secret`]
  if (path === undefined)
    throw new RangeError(`"${setting}Secret" expected a file: ${setting} is set, too`)
  const [secret = ''] = readFileSync(path, 'utf8').split(/\r?\n/)
  if (secret === '') throw new RangeError(`${path} expected a secret in its first line, got none`)
  const allowPrivate = settings.allowPrivateOrigins
  return { setting, url: new URL(address), secret: Buffer.from(secret), allowPrivate }
}

/** A webhook can't be reached, or does not take a message. */
export class WebhookFailed extends Error {
  override readonly name = 'WebhookFailed'
}

/**
 * The signature of a body: HMAC-SHA256, by the secret, over the seconds since the Unix epoch, a dot
 * and the body.
 *
 * @example
 * signWebhook(body, secret, clock.nowMs()) // 't=1795248000,v1=9f86…'
 */
export function signWebhook(body: Uint8Array, secret: Uint8Array, nowMs: number): string {
  const seconds = Math.floor(nowMs / SECOND_MS)
  return `t=${seconds},v1=${macOf(body, secret, seconds).toString('hex')}`
}

/**
 * Whether a body was signed by who has the secret, within five minutes: what a receiver does.
 *
 * @example
 * verifyWebhook(body, request.headers['turnpike-signature'], secret, Date.now())
 */
export function verifyWebhook(
  body: Uint8Array,
  signature: string,
  secret: Uint8Array,
  nowMs: number,
): boolean {
  const [, seconds, hex] = /^t=(\d{1,15}),v1=([0-9a-f]{64})$/.exec(signature) ?? []
  if (seconds === undefined || hex === undefined) return false
  if (Math.abs(nowMs - Number(seconds) * SECOND_MS) > QUOTA_WEBHOOK_SKEW_MS) return false
  return timingSafeEqual(Buffer.from(hex, 'hex'), macOf(body, secret, Number(seconds)))
}

/**
 * Sends a message once: by https, to a public address, following nothing, within ten seconds.
 *
 * @throws {WebhookFailed} unless the answer is 2xx
 */
export async function sendWebhook(
  { setting, url, secret, allowPrivate }: WebhookTarget,
  { id, body }: { readonly id: string; readonly body: Uint8Array },
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<void> {
  const refusal = allowPrivate ? undefined : refusalOf(url)
  if (refusal !== undefined) throw new WebhookFailed(`${setting} expected ${refusal}`)
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest
  const sent = request(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'content-length': body.length,
      [EVENT_HEADER]: id,
      [SIGNATURE_HEADER]: signWebhook(body, secret, nowMs),
    },
    agent: false,
    signal: AbortSignal.any([signal, AbortSignal.timeout(QUOTA_WEBHOOK_TIMEOUT_MS)]),
    ...(allowPrivate ? {} : { lookup: publicLookup() }),
  })
  try {
    sent.end(body)
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    const { statusCode = 0 } = response
    // What it says is nothing to us, however much it is.
    response.destroy()
    if (statusCode < 200 || statusCode > 299)
      throw new WebhookFailed(`${setting} expected to answer 2xx, got ${statusCode}`)
  } catch (error) {
    if (error instanceof WebhookFailed) throw error
    throw new WebhookFailed(`${setting} expected to be reached: ${String(error)}`, {
      cause: error,
    })
  } finally {
    sent.destroy()
  }
}

function macOf(body: Uint8Array, secret: Uint8Array, seconds: number): Buffer {
  return createHmac('sha256', secret).update(`${seconds}.`).update(body).digest()
}
