/**
 * What customers were given, in `billing.sqlite`.
 * @module
 */
import type { DatabaseSync } from 'node:sqlite'
import type { Carried, GivenTo } from '@turnpike/accounting/quota/sources'
import type { Grant } from '@turnpike/core/billing/grants'
import type { Money } from '@turnpike/core/billing/money'
import { CREDITS_PER_CUSTOMER_MAX, GRANTS_PER_CUSTOMER_MAX } from '@turnpike/core/limits/billing'
import { fail, ok, type Result } from '@turnpike/core/result'
import { transact } from '../catalog/database.ts'

/** A grant as it was put down. */
export interface GivenGrant extends Grant {
  readonly customer: string
  /** Wall-clock ms at which it was taken back; undefined for one that was not. */
  readonly voidedMs: number | undefined
}

/** A payment into a balance, by whoever took the money. */
export interface Credit extends Money {
  /** Whose event it is, and which: paid in once. */
  readonly source: string
  readonly id: string
  readonly customer: string
  /** Hour in which it counts. */
  readonly epoch: number
  readonly creditedMs: number
}

/** Something else is known under this id. */
export class GivenDiffers extends Error {
  override readonly name = 'GivenDiffers'
  readonly id: string
  constructor(what: string, id: string) {
    super(`${what} ${id} expected to be new, or as it was put down before, but it differs`)
    this.id = id
  }
}

/** A customer has as many grants, or payments, as one may have. */
export class GivenFull extends Error {
  override readonly name = 'GivenFull'
}

/** No grant has this id. */
export class GrantUnknown extends Error {
  override readonly name = 'GrantUnknown'
  readonly id: string
  constructor(id: string) {
    super(`"id" expected a grant of this gateway, got ${id}: see turnpike grant ls`)
    this.id = id
  }
}

const GRANT = `id, customer, bytes, priority, first_epoch, end_epoch, created_ms, voided_ms`

/**
 * Grants, balances and what was carried over. Amounts are never below zero: a balance is what was
 * paid in less what statements drew, and they draw no more than there is.
 *
 * @example
 * new SqliteGiven(billing).grants('did:mailto:example.com:alice')
 */
export class SqliteGiven implements GivenTo {
  readonly #database: DatabaseSync

  /** @param database has the schema `GIVEN` */
  constructor(database: DatabaseSync) {
    this.#database = database
  }

  grants(customer: string): GivenGrant[] {
    return this.#all(`SELECT ${GRANT} FROM grants WHERE customer = ?`, customer).map(grantOf)
  }

  grant(id: string): GivenGrant | undefined {
    return this.#all(`SELECT ${GRANT} FROM grants WHERE id = ?`, id).map(grantOf)[0]
  }

  /** Puts a grant down. The same one again changes nothing. */
  addGrant(grant: GivenGrant): Result<{ readonly added: boolean }, GivenDiffers | GivenFull> {
    return transact(this.#database, () => {
      const known = this.grant(grant.id)
      if (known !== undefined)
        return isSame(known, grant)
          ? ok({ added: false })
          : fail(new GivenDiffers('grant', grant.id))
      if (this.#count('grants', grant.customer) >= GRANTS_PER_CUSTOMER_MAX)
        return fail(new GivenFull(`grants expected <= ${GRANTS_PER_CUSTOMER_MAX} for a customer`))
      const { id, customer, bytes, priority, firstEpoch, endEpoch = null, createdMs } = grant
      this.#database
        .prepare(`INSERT INTO grants (${GRANT}) VALUES (?, ?, ?, ?, ?, ?, ?, NULL)`)
        .run(id, customer, bytes, priority, firstEpoch, endEpoch, createdMs)
      return ok({ added: true })
    })
  }

  /** Takes a grant back: it covers nothing from `endEpoch` on. What it has covered stays so. */
  voidGrant(id: string, endEpoch: number, nowMs: number): Result<GivenGrant, GrantUnknown> {
    this.#database
      .prepare(
        `UPDATE grants SET end_epoch = max(first_epoch, min(coalesce(end_epoch, ?2), ?2)),
           voided_ms = ?3 WHERE id = ?1 AND voided_ms IS NULL`,
      )
      .run(id, endEpoch, nowMs)
    const grant = this.grant(id)
    return grant === undefined ? fail(new GrantUnknown(id)) : ok(grant)
  }

  /** Pays into a balance. The same event again changes nothing. */
  credit(credit: Credit): Result<{ readonly credited: boolean }, GivenDiffers | GivenFull> {
    const { source, id, customer, currency, micros, epoch, creditedMs } = credit
    return transact(this.#database, () => {
      const [known] = this.#all(
        'SELECT customer, currency, micros FROM credits WHERE source = ? AND id = ?',
        source,
        id,
      )
      if (known !== undefined) {
        const { customer: of, currency: inCurrency, micros: amount } = known
        return of === customer && inCurrency === currency && amount === micros
          ? ok({ credited: false })
          : fail(new GivenDiffers('payment', `${source} ${id}`))
      }
      if (this.#count('credits', customer) >= CREDITS_PER_CUSTOMER_MAX)
        return fail(
          new GivenFull(`payments expected <= ${CREDITS_PER_CUSTOMER_MAX} for a customer`),
        )
      this.#database
        .prepare('INSERT INTO credits VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(source, id, customer, currency, micros, epoch, creditedMs)
      return ok({ credited: true })
    })
  }

  /** Payments of a customer, newest first: the first `limit`. */
  credits(customer: string, limit: number): Credit[] {
    return this.#all(
      `SELECT source, id, customer, currency, micros, epoch, credited_ms FROM credits
       WHERE customer = ? ORDER BY credited_ms DESC, source, id LIMIT ?`,
      customer,
      limit,
    ).map((row) => ({
      source: String(row['source']),
      id: String(row['id']),
      customer: String(row['customer']),
      currency: String(row['currency']),
      micros: row['micros'] as bigint,
      epoch: Number(row['epoch']),
      creditedMs: Number(row['credited_ms']),
    }))
  }

  paidIn(customer: string, beforeEpoch: number): Money[] {
    return this.#all(
      `SELECT currency, sum(micros) AS micros FROM credits WHERE customer = ? AND epoch < ?
       GROUP BY currency ORDER BY currency`,
      customer,
      beforeEpoch,
    ).map(moneyOf)
  }

  carried(customer: string, period: string): Carried | undefined {
    const of = [customer, period] as const
    const [month] = this.#all(
      'SELECT credit_bytes FROM carried WHERE customer = ? AND period = ?',
      ...of,
    )
    if (month === undefined) return undefined
    const grants = this.#all(
      'SELECT grant_id, left_bytes FROM carried_grants WHERE customer = ? AND period = ?',
      ...of,
    )
    const drawn = this.#all(
      `SELECT currency, micros FROM carried_drawn WHERE customer = ? AND period = ?
       ORDER BY currency`,
      ...of,
    )
    return {
      creditBytes: month['credit_bytes'] as bigint,
      grantsLeftBytes: new Map(
        grants.map((row) => [String(row['grant_id']), row['left_bytes'] as bigint]),
      ),
      drawn: drawn.map(moneyOf),
    }
  }

  /**
   * Keeps what a customer carries out of a month, when it is closed: within the transaction of the
   * caller, who sees to it that this happens once.
   */
  keepCarried(customer: string, period: string, carried: Carried): void {
    const { creditBytes, grantsLeftBytes, drawn } = carried
    const insert = (table: string, ...values: (string | bigint)[]): void => {
      const marks = values.map(() => '?').join(', ')
      this.#database
        .prepare(`INSERT INTO ${table} VALUES (?, ?, ${marks})`)
        .run(customer, period, ...values)
    }
    insert('carried', creditBytes)
    for (const [id, bytes] of grantsLeftBytes) insert('carried_grants', id, bytes)
    for (const { currency, micros } of drawn) insert('carried_drawn', currency, micros)
  }

  #count(table: 'grants' | 'credits', customer: string): number {
    const [row] = this.#all(`SELECT count(*) AS rows FROM ${table} WHERE customer = ?`, customer)
    return Number(row!['rows'])
  }

  #all(sql: string, ...params: (string | number)[]): Record<string, unknown>[] {
    const statement = this.#database.prepare(sql)
    statement.setReadBigInts(true)
    return statement.all(...params)
  }
}

function grantOf(row: Record<string, unknown>): GivenGrant {
  return {
    id: String(row['id']),
    customer: String(row['customer']),
    bytes: row['bytes'] as bigint,
    priority: Number(row['priority']),
    firstEpoch: Number(row['first_epoch']),
    endEpoch: row['end_epoch'] === null ? undefined : Number(row['end_epoch']),
    createdMs: Number(row['created_ms']),
    voidedMs: row['voided_ms'] === null ? undefined : Number(row['voided_ms']),
  }
}

function moneyOf(row: Record<string, unknown>): Money {
  return { currency: String(row['currency']), micros: row['micros'] as bigint }
}

function isSame(a: GivenGrant, b: GivenGrant): boolean {
  return (
    a.customer === b.customer &&
    a.bytes === b.bytes &&
    a.priority === b.priority &&
    (a.voidedMs !== undefined || a.endEpoch === b.endEpoch)
  )
}
