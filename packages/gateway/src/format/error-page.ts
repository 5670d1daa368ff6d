/**
 * What a client reads of an error: a text, or a page of one self-contained HTML document, no
 * script, nothing from elsewhere.
 * @module
 */
import { pageStart } from './page-style.ts'
import { escapeText } from './escape.ts'

/** What is said of an error. */
export interface ErrorNotice {
  readonly status: number
  /** What was expected and what came. */
  readonly message: string
  /** Name of the read in the log, if it has one. */
  readonly receiptId?: string
}

/** Name of each status that we send with an error (RFC 9110, section 15). */
const NAMES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Payment Required',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  451: 'Unavailable For Legal Reasons',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
  507: 'Insufficient Storage',
}

const WAIT = 'Try again in a few seconds.'

/** What to do about it, where the message alone does not tell. */
const ADVICE: Readonly<Record<number, string>> = {
  400: 'Check the address: content is at /ipfs/<cid> or /ipns/<name>.',
  402: 'Tell whoever published the content: their plan here allows no more reads for now.',
  404: 'Check the address, or ask whoever gave it to you whether the content is still kept here.',
  406: 'Ask for another format, or for none.',
  410: 'If you think that this is a mistake, tell the operator of this gateway.',
  416: 'Ask for bytes within the content, or for all of it.',
  422: 'Ask whoever published the content: it is not what it says it is.',
  451: 'If you think that this is a mistake, tell the operator of this gateway.',
  500: 'If it happens again, tell the operator of this gateway.',
  501: 'Fetch the blocks themselves: ?format=raw gives one, ?format=car all.',
  502: WAIT,
  503: WAIT,
  504: WAIT,
}

const ERROR_STYLE = `main p { font-size: 1rem; margin-bottom: .75rem }
main p:first-child { color: var(--ink) }
main p.receipt { font: .8125rem/1.5 ui-monospace, Menlo, monospace }`

/**
 * The text: what is wrong, then what to do.
 *
 * @example
 * errorText({ status: 404, message: 'no such file' }) // 'no such file\nCheck the address, …\n'
 */
export function errorText({ status, message }: ErrorNotice): string {
  const advice = ADVICE[status]
  return advice === undefined ? `${message}\n` : `${message}\n${advice}\n`
}

/**
 * The page. It says the same as the text, word for word, and the name of the read.
 *
 * @example
 * errorPage({ status: 404, message: 'no such file' }) // '<!DOCTYPE html>…'
 */
export function errorPage({ status, message, receiptId }: ErrorNotice): string {
  const title = `${status} ${NAMES[status] ?? 'Error'}`
  const advice = ADVICE[status]
  return `${pageStart(title, ERROR_STYLE)}<header><div><h1>${title}</h1></div></header>
<main>
<p>${escapeText(message)}</p>
${advice === undefined ? '' : `<p>${escapeText(advice)}</p>\n`}${
    receiptId === undefined ? '' : `<p class="receipt">receipt ${escapeText(receiptId)}</p>\n`
  }</main>
</body>
</html>
`
}
