/**
 * What a log has published, over HTTP: for auditors, monitors and witnesses.
 * Source: C2SP tlog-tiles; docs/reference/receipts-http.md.
 * @module
 */
import { TILE_WIDTH } from '@turnpike/core/merkle/tile'
import type { SizedAnswer } from '@turnpike/gateway/control-answer'
import { textAnswer } from '@turnpike/service/answer'
import type { Asked } from '../front-door/routes.ts'
import { NO_EDGE, type Published, type TileAsked } from './published.ts'

const RETRY_AFTER = ['Retry-After', '2'] as const
/** What never changes. */
const FOR_EVER = 'public, max-age=31536000, immutable'
/** The key is the log's for good, but for who looks before there is one. */
const AN_HOUR = 'public, max-age=3600'
/** Rounds are a second apart: a cache in front takes all but one question of a second. */
const A_SECOND = 'public, max-age=1'
const TEXT = 'text/plain; charset=utf-8'
const BYTES = 'application/octet-stream'

/** `<level>/<index in groups of three digits>[.p/<width>]`. */
const TILE = /^(\d)\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/
const EPOCH_FILE = /^(\d{1,9})\.(root|anchor|final)$/

/**
 * The answer to a question for a published file; undefined when the address is none of one.
 *
 * @param rest what follows `/receipts/`
 * @example
 * const answer = publicAnswer('checkpoint', published)
 */
export function publicAnswer(
  rest: Asked['rest'],
  published: Published,
): Promise<SizedAnswer> | undefined {
  if (rest === 'checkpoint') return answerOf(published.checkpoint(), TEXT, A_SECOND)
  if (rest === 'vkey') return answerOf(published.vkey(), TEXT, AN_HOUR)
  if (rest.startsWith('tile/')) {
    const tile = tileIn(rest.slice('tile/'.length))
    return answerOf(tile && published.tile(tile), BYTES, FOR_EVER)
  }
  if (rest.startsWith('epochs/')) return epochAnswer(rest.slice('epochs/'.length), published)
  return undefined
}

function epochAnswer(rest: string, published: Published): Promise<SizedAnswer> {
  if (rest === 'newest.root') return answerOf(published.newestRoot(), TEXT, A_SECOND)
  const [, epoch, kind] = EPOCH_FILE.exec(rest) ?? []
  if (epoch === undefined || String(Number(epoch)) !== epoch) return answerOf(undefined, TEXT, '')
  if (kind === 'final') return answerOf(published.final(Number(epoch)), TEXT, FOR_EVER)
  const file = published.epoch(Number(epoch), kind as 'root' | 'anchor')
  return answerOf(file, TEXT, kind === 'anchor' ? A_SECOND : FOR_EVER)
}

/**
 * The tile that an address names; undefined for what is none, and for what is written otherwise
 * than C2SP writes it: one tile has one address.
 *
 * @example
 * tileIn('0/x001/067.p/12') // { level: 0, index: 1067, width: 12 }
 */
export function tileIn(rest: string): TileAsked | undefined {
  const [, level, groups, partial] = TILE.exec(rest) ?? []
  if (level === undefined || groups === undefined) return undefined
  // A leading group of zeros would be another address of the same tile.
  if (groups.startsWith('x000/')) return undefined
  const index = Number(groups.replaceAll(/[x/]/g, ''))
  const width = partial === undefined ? TILE_WIDTH : Number(partial)
  if (!Number.isSafeInteger(index) || (partial !== undefined && width >= TILE_WIDTH))
    return undefined
  return { level: Number(level), index, width }
}

async function answerOf(
  file: Promise<SizedAnswer['body'] | typeof NO_EDGE | undefined> | undefined,
  type: string,
  caching: string,
): Promise<SizedAnswer> {
  const body = await file
  if (body === NO_EDGE) return textAnswer(503, 'not to be had now: try again', [RETRY_AFTER])
  if (body === undefined) return textAnswer(404, 'nothing of this name is published')
  const headers = [
    ['Content-Type', type],
    ['Cache-Control', caching],
  ] as const
  return { status: 200, headers, body }
}
