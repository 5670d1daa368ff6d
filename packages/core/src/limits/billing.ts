/**
 * Bounds of what is billed: plans, quotas, provisioning, usage, statements and what leads there.
 * @module
 */

/** Plans in a plan file. */
export const PLANS_MAX = 1000
/** Prices of one quantity in a plan, by tiers. */
export const PLAN_TIERS_MAX = 32
/** Characters of a plan's name. */
export const PLAN_NAME_CHARS_MAX = 128
/** Bytes of a plan file. */
export const PLAN_FILE_BYTES_MAX: number = 4 * 1024 * 1024
/**
 * Bytes of a body that are reserved ahead of its client: how far one stream may pass a hard limit,
 * and how often a worker asks the primary while it sends.
 */
export const QUOTA_WINDOW_BYTES: number = 1024 * 1024

/** Customers of a deployment, and how many one answer lists. */
export const CUSTOMERS_MAX = 100_000
export const CUSTOMERS_LISTED_MAX = 1000
/** Spaces that one customer has had, and owners that one space has had, all in all. */
export const SPACES_PER_CUSTOMER_MAX = 10_000
export const OWNERS_PER_SPACE_MAX = 1000
/** Plans that one customer has been on. */
export const PLANS_PER_CUSTOMER_MAX = 1000
/** Spaces that one answer lists. */
export const SPACES_LISTED_MAX = 1000
/** Pause between two looks at what customers with limits have used. */
export const QUOTA_REFRESH_MS = 1_000
/** After this long without an answer of accounting, what is not in the ledger has a bound. */
export const QUOTA_STALE_MS = 10_000
/** Wait for accounting's first word on a customer, and of a worker for its primary. */
export const QUOTA_ANSWER_MS = 1_000
/** Customers with limits whose quotas one deployment watches at once. */
export const QUOTA_CUSTOMERS_MAX = 65_536
/** Customers of one question to accounting. */
export const QUOTA_ASKED_MAX = 1_000
/** Bytes of a customer with a hard limit that may be sent while accounting is mute; a setting. */
export const QUOTA_UNCOUNTED_BYTES_MAX: number = 256 * 1024 * 1024

/** Changes of a space's size that one answer lists; more have to be asked for in parts. */
export const STORAGE_EVENTS_MAX = 10_000
/** Longest that it takes from dating a change of a space's size to the end of its commit. */
export const STORAGE_SETTLE_MS = 60_000
/** Changes of sizes that are read at once, and days that are added up in one transaction. */
export const STORAGE_ROWS_MAX = 10_000
/**
 * Lines of one statement, some 85 MiB of JSON: by the day, all spaces that one customer may have;
 * by the hour, more than 500 spaces that are read in every hour of a month.
 */
export const STATEMENT_LINES_MAX = 400_000
/** Spaces that one statement lists, with the sums of each. Customers have fewer. */
export const STATEMENT_SPACES_MAX = 100_000
/** Lines that a statement's page shows, and spaces: some 60 printed pages each. */
export const STATEMENT_PAGE_LINES_MAX = 2_000

/** Days of one question about egress by day. */
export const EGRESS_DAYS_MAX = 366
/** Pause between two looks for whole days of storage that are not added up yet. */
export const STORAGE_DAYS_MS = 600_000
/** Grants of one customer, all in all, and payments into their balances. */
export const GRANTS_PER_CUSTOMER_MAX = 10_000
export const CREDITS_PER_CUSTOMER_MAX = 100_000
/** Characters of an id of a grant, and of a payment or its source. */
export const GIVEN_ID_CHARS_MAX = 128
/** Greatest priority of a grant: the one that is used last. */
export const GRANT_PRIORITY_MAX = 255
/** Micro-units of one payment: ten million units. All of one customer's fit SQLite's numbers. */
export const CREDIT_MICROS_MAX: bigint = 10n ** 13n
/** Payments that one answer lists. */
export const CREDITS_LISTED_MAX = 100
/** Share of what a plan covers from which a quota is said to be nearly used. */
export const QUOTA_WARN_PERCENT = 80
/** Spaces whose payer a process remembers for a second. */
export const QUOTA_PAYERS_MAX = 4096
/** Time for accounting to answer about quotas, after which it is asked anew. */
export const QUOTA_ACCOUNTING_MS = 30_000
/** Pause between two looks whether a month is to be closed. */
export const STATEMENT_CLOSE_EVERY_MS = 60_000
/** Longest pause between two attempts while a month can't be closed. */
export const STATEMENT_RETRY_MS_MAX = 3_600_000
/** Time after which the last closed month is made again, to see that it comes out the same. */
export const STATEMENT_CHECK_MS: number = 24 * 3_600_000
/** Wait for an answer of Stripe. */
export const STRIPE_TIMEOUT_MS = 30_000
/** Meters of a Stripe account that are looked through for ours. */
export const STRIPE_METERS_MAX = 1000
/** How far back Stripe takes events, less an hour in which they are on their way. */
export const STRIPE_PAST_MS: number = 35 * 24 * 3_600_000 - 3_600_000
/** How far ahead of now an event's time may be: Stripe takes five minutes. */
export const STRIPE_AHEAD_MS = 240_000
/** How long Stripe surely knows an identifier: a day, less an hour for clocks that differ. */
export const STRIPE_IDENTIFIER_MS: number = 23 * 3_600_000
/** Events that are sent in one turn, and how many of them at once (one a customer and meter). */
export const STRIPE_EVENTS_MAX = 1000
export const STRIPE_CALLS_MAX = 8
/** First pause after an attempt that failed, and the longest. */
export const STRIPE_RETRY_MS = 2_000
export const STRIPE_RETRY_MS_MAX = 3_600_000
/** Pause between two turns of the sink. */
export const STRIPE_EVERY_MS = 30_000
/** Hours whose usage is put down in one turn. */
export const STRIPE_HOURS_MAX = 24
/** After this long an hour that Stripe does not have yet is an alert. */
export const STRIPE_LATE_MS: number = 24 * 3_600_000
/** Time that Stripe has to sum up what it was sent, before sums are compared. */
export const STRIPE_SETTLE_MS = 3_600_000
/** Events and differences that one answer or alert lists. */
export const RECONCILE_LISTED_MAX = 100
/** Pause between two reconciliations. */
export const RECONCILE_EVERY_MS: number = 24 * 3_600_000
/** Pause between two looks at whether the file of plans has all that customers are on. */
export const PLANS_CHECK_MS = 60_000
/** Customers on plans that are gone whom one alert names. */
export const PLANS_GONE_LISTED_MAX = 10
/** Pause between two looks at what is to be told of quotas: a thousand customers at a time. */
export const QUOTA_WATCH_MS = 2_000
/** Time for a webhook to answer, and messages that are sent to it before others get a turn. */
export const QUOTA_WEBHOOK_TIMEOUT_MS = 10_000
export const QUOTA_WEBHOOK_BATCH = 16
/** How far the clocks of who signs a message and who checks it may be apart. */
export const QUOTA_WEBHOOK_SKEW_MS = 300_000
