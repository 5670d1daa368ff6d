/**
 * What a request can come to other than content, and the one table from name to HTTP status.
 * @module
 */

/** Names of expected failures, each with its status. Sources: gateway specifications, RFC 9110. */
export const STATUS_BY_ERROR = {
  InvalidRequest: 400,
  InvalidPath: 400,
  NameTooDeep: 400,
  NameRefused: 400,
  /** A message that asks for something else than one retrieval. */
  InvocationInvalid: 400,
  /** The plan of who would pay ends here; how its customer is refused, the plan says. */
  PaymentRequired: 402,
  NotPermitted: 403,
  InvocationUnauthorized: 403,
  ContentNotFound: 404,
  PathNotFound: 404,
  BlockMissing: 404,
  NameNotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  ContentDenied: 410,
  /** The operator deserializes no content so large; blocks and CARs of it are served. */
  ResponseTooLarge: 410,
  NotCached: 412,
  PreconditionFailed: 412,
  UriTooLong: 414,
  /** Source: Storacha RFC, "UCAN invocations in HTTP headers", as are 422, 431 and 510. */
  InvocationMalformed: 415,
  RangeNotSatisfiable: 416,
  MalformedBlock: 422,
  InvocationReplayed: 422,
  QuotaExceeded: 429,
  InvocationTooLong: 431,
  ContentDeniedLegal: 451,
  /** Nobody is left to read it: for the log, after nginx's custom. */
  ReadClosed: 499,
  InternalError: 500,
  /** Source: Web _redirects File specification, section 3.4. */
  RedirectsFileInvalid: 500,
  UnsupportedCodec: 501,
  UnknownHash: 501,
  BlockTooLarge: 501,
  OriginUnavailable: 502,
  OriginLied: 502,
  OriginMissing: 502,
  OriginForbidden: 502,
  LocatorUnavailable: 502,
  NameInvalid: 502,
  JournalFull: 503,
  /** As much was fetched today as the operator allows. */
  FetchCapReached: 503,
  /** So many invocations of one space are known that another could not be told from a replay. */
  InvocationsFull: 503,
  OriginTimeout: 504,
  LocatorTimeout: 504,
  RetrievalTimeout: 504,
  NameUnavailable: 504,
  NamesFull: 507,
} as const

/** Name of an expected failure. */
export type ErrorName = keyof typeof STATUS_BY_ERROR

/** An error that can become an answer: its message is written for the client. */
export interface AnswerableError extends Error {
  readonly name: ErrorName
}

/** Failures of the request itself; the message says what was expected, what came, what to do. */
export class RequestError extends Error {
  override readonly name: ErrorName
  /** Headers that belong to the answer, such as Allow or Content-Range. */
  readonly headers: readonly (readonly [string, string])[]
  /** Why it was refused, for the log alone (`DENY` in core); 0 when nothing was refused. */
  readonly deny: number
  constructor(
    name: ErrorName,
    message: string,
    options: {
      readonly headers?: readonly (readonly [string, string])[]
      readonly deny?: number
    } = {},
  ) {
    super(message)
    this.name = name
    this.headers = options.headers ?? []
    this.deny = options.deny ?? 0
  }
}

/** Whether an error is one that the table knows: anything else is a broken invariant. */
export function isAnswerable(error: unknown): error is AnswerableError {
  return error instanceof Error && error.name in STATUS_BY_ERROR
}

/**
 * Status of an error.
 *
 * @example
 * statusOf('PathNotFound') // 404
 */
export function statusOf(name: ErrorName): number {
  return STATUS_BY_ERROR[name]
}
