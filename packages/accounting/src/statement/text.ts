/**
 * Hours, sums and digests as statements write them.
 * @module
 */
import { EPOCH_MS } from '@turnpike/core/billing/epoch'
import { formatMicros } from '@turnpike/core/billing/money'
import type { Money } from '@turnpike/core/billing/money'
import { countJson } from '@turnpike/core/billing/quantities'
import type { Quantities } from '@turnpike/core/billing/quantities'
import type { Hasher } from '@turnpike/core/ports/runtime'

const utf8 = new TextEncoder()

/** The start of an hour: `2026-11-21T07:00:00Z`. */
export function hourText(epoch: number): string {
  return `${new Date(epoch * EPOCH_MS).toISOString().slice(0, '2026-11-21T07:00:00'.length)}Z`
}

/**
 * Writes where lines stand: hours, as {@link hourText} has them, or days, `2026-11-21`. It
 * remembers them: all spaces have the same hours.
 *
 * @example
 * const timeText = timeWriter(statement.linesBy)
 */
export function timeWriter(by: 'hour' | 'day'): (epoch: number) => string {
  const texts = new Map<number, string>()
  return (epoch) => {
    let text = texts.get(epoch)
    if (text === undefined) {
      text = hourText(epoch).slice(0, by === 'day' ? '2026-11-21'.length : undefined)
      texts.set(epoch, text)
    }
    return text
  }
}

/** SHA-256 of a text's UTF-8, as 64 hexadecimal digits. */
export function digestText(hasher: Hasher, text: string): string {
  const digest = hasher.sha256(utf8.encode(text))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** JSON of quantities, in the order in which statements have them. */
export function quantitiesJson(quantities: Quantities): Readonly<Record<string, number | string>> {
  return {
    egressBytes: countJson(quantities.egressBytes),
    deliveredBytes: countJson(quantities.deliveredBytes),
    voidedBytes: countJson(quantities.voidedBytes),
    storageByteMs: countJson(quantities.storageByteMs),
    fetchedBytes: countJson(quantities.fetchedBytes),
    reads: quantities.reads,
    denied: quantities.denied,
  }
}

/** JSON of an amount: decimals for people, micro-units for programs. */
export function moneyJson({ currency, micros }: Money): Readonly<Record<string, number | string>> {
  return { currency, amount: formatMicros(micros), micros: countJson(micros) }
}
