/**
 * Every setting, once: parsing, bounds, `turnpike config`, `--help` and the page
 * docs/operating/settings.md all derive from this table.
 * @module
 */
import * as limits from '@turnpike/core/limits'
import * as denyLimits from '@turnpike/core/limits/deny'
import * as logLimits from '@turnpike/core/limits/log'
import * as namesLimits from '@turnpike/core/limits/names'
import { PROFILE_DEFAULT, type ProfileName } from '@turnpike/core/unixfs/profile'
import type { DnsResolver } from '../names/dns/open.ts'
import type { SharedCaching } from '@turnpike/gateway/caching'
import type { MappedName } from '@turnpike/gateway/names/name-map'
import type { S3Settings } from '../origins/s3-store.ts'
import {
  bytes,
  flag,
  httpUrl,
  integer,
  listOf,
  milliseconds,
  oneOf,
  path,
  text,
  textThat,
} from './kinds.ts'
import type { Kind } from './kinds.ts'
import { ANCHORS, type AnchorSettings } from './anchors.ts'
import { cdnCache } from './cdn-cache.ts'
import { BOUNDS, type BoundSettings } from './bounds.ts'
import { LOCATORS, type LocatorSettings } from './locators.ts'
import { isProxyRange } from '../http/trusted-proxies.ts'
import { dnsResolver } from './dns.ts'
import { EVM, type EvmSettings } from './evm.ts'
import { HANDOVER, type HandoverSettings } from './handover.ts'
import { PAYOUTS, type PayoutSettings } from './payouts.ts'
import { PLANS, type PlanSettings } from './plans.ts'
import { STATEMENTS, type StatementSettings } from './statements.ts'
import { STRIPE, type StripeSettings } from './stripe.ts'
import { RECORDING, type RecordSettings } from './record-to.ts'
import { RETENTION, type RetentionSettings } from './retention.ts'
import { hostSpace, type HostSpace } from './host-spaces.ts'
import { IDENTITY, type IdentitySettings } from './identity.ts'
import { mappedName } from './names.ts'
import { s3Stores } from './origins.ts'
import { WITNESSES, type WitnessSettings } from './witnesses.ts'

/** Levels of the log, most talkative first. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'

/** All settings of a deployment. Undefined ones have no value unless one is given. */
export interface Settings
  extends
    AnchorSettings,
    EvmSettings,
    BoundSettings,
    HandoverSettings,
    RecordSettings,
    PayoutSettings,
    PlanSettings,
    StatementSettings,
    StripeSettings,
    IdentitySettings,
    LocatorSettings,
    RetentionSettings,
    WitnessSettings {
  readonly data: string
  readonly host: string
  readonly port: number
  readonly portSearch: boolean
  readonly publicUrl: string | undefined
  readonly hosts: readonly string[]
  readonly subdomainHosts: readonly string[]
  readonly trustlessHosts: readonly string[]
  readonly hostSpaces: readonly HostSpace[]
  readonly trustlessOnly: boolean
  readonly region: string
  readonly workers: number
  readonly trustedProxies: readonly string[]
  readonly adminHost: string
  readonly adminPort: number
  readonly adminHosts: readonly string[]
  readonly adminToken: string | undefined
  readonly profile: ProfileName
  readonly origins: readonly S3Settings[]
  readonly allowPrivateOrigins: boolean
  readonly denylists: readonly string[]
  readonly denylistRefreshMs: number
  readonly dnsResolver: DnsResolver
  readonly dnsTtlMsMax: number
  readonly nameMap: readonly MappedName[]
  readonly nameTtlMsMax: number
  readonly namePut: boolean
  readonly ipnsRouters: readonly string[]
  readonly blockCacheBytes: number
  readonly answerCacheBytes: number
  readonly readAheadBytes: number
  readonly responseBytesMax: number | undefined
  readonly cdnCache: SharedCaching['cdnCache']
  readonly cacheTags: boolean
  readonly journalFileBytes: number
  readonly journalReserveBytes: number
  readonly logLevel: LogLevel
  readonly logFile: string | undefined
}

/** Name of a setting in `turnpike.json`; flags and variables derive from it. */
export type SettingName = keyof Settings

/** One setting. */
export interface Setting<T> {
  readonly kind: Kind<NonNullable<T>>
  readonly default: T
  /** One sentence or two for people who run Turnpike. */
  readonly doc: string
  /** Never printed. */
  readonly secret?: boolean
  /** Can't stand in `turnpike.json`: it says where that file is. */
  readonly notInFile?: boolean
  /** Its flag, without `--`, where the field's tools call it otherwise than we do. */
  readonly flag?: string
}

const MIB = 1024 * 1024
const GIB = 1024 * MIB
const HOUR_MS = 3_600_000

const hostName = text('a host name or an address', /^[A-Za-z0-9.:_-]{1,255}$/)

const proxyRange = textThat(
  '`loopback`, `private`, `all`, `none`, an address or a range such as 10.0.0.0/8',
  isProxyRange,
)

/** The table, in the order in which it is shown. */
export const SETTINGS: { readonly [K in SettingName]: Setting<Settings[K]> } = {
  data: {
    kind: path,
    default: './turnpike-data',
    doc: 'The data folder. It is made when there is none.',
    notInFile: true,
  },
  host: {
    kind: hostName,
    default: '127.0.0.1',
    doc: 'Address to listen on. `::` is all addresses, of IPv6 and IPv4.',
  },
  port: {
    kind: integer(0, 65_535),
    default: 8080,
    doc: 'Port to listen on; 0 is any free one.',
  },
  portSearch: {
    kind: flag,
    default: false,
    doc: 'Take the next free port when the port is taken. `turnpike start` does.',
  },
  publicUrl: {
    kind: httpUrl,
    default: undefined,
    doc:
      'Address under which readers reach this gateway, when a proxy stands before it. Its host ' +
      'counts as one of `hosts`.',
  },
  hosts: {
    kind: listOf(hostName, limits.HOSTS_MAX),
    default: [],
    doc: 'Host names of this gateway. An entry of the log names the one that matched.',
  },
  subdomainHosts: {
    kind: listOf(hostName, limits.HOSTS_MAX),
    default: [],
    flag: 'subdomain-host',
    doc:
      'Names below which each root has an origin of its own: `<cid>.ipfs.<name>`. Paths on them ' +
      'redirect there. Their DNS and certificates must cover `*.ipfs.<name>` and `*.ipns.<name>`.',
  },
  trustlessHosts: {
    kind: listOf(hostName, limits.HOSTS_MAX),
    default: [],
    doc:
      'Further names of this gateway, which answer only what a client can verify: blocks, CARs ' +
      'and IPNS records.',
  },
  hostSpaces: {
    kind: listOf(hostSpace, limits.HOSTS_MAX),
    default: [],
    doc:
      'Hosts that serve one space alone, or nobody: `photos.example=did:key:z6Mk…`. They are ' +
      'host names of this gateway, names of subdomain gateways, or names with a DNSLink.',
  },
  trustlessOnly: {
    kind: flag,
    default: false,
    doc: 'Answer only what a client can verify, by whatever name.',
  },
  region: {
    kind: text('1 to 32 letters, digits or hyphens', /^[A-Za-z0-9-]{1,32}$/),
    default: 'local',
    doc: 'Where this gateway runs, as entries of the log say it.',
  },
  workers: {
    kind: integer(0, limits.WORKERS_MAX),
    default: 0,
    doc: 'Processes that serve beside the one that owns the data folder. With 0 that one serves.',
  },
  trustedProxies: {
    kind: listOf(proxyRange, limits.PROXIES_MAX),
    default: ['loopback'],
    doc:
      'Proxies in front whose `X-Forwarded-Host`, `-Proto` and `-For` are believed: `loopback`, ' +
      '`private`, `all`, `none`, addresses, ranges. Whoever is listed can name any host.',
  },
  adminHost: {
    kind: hostName,
    default: '127.0.0.1',
    doc: 'Address of the second listener, for health, metrics and usage.',
  },
  adminPort: {
    kind: integer(0, 65_535),
    default: 8081,
    doc:
      'Port of the second listener; 0 is any free one. While it is not set, the next free port ' +
      'is taken when this one is not.',
  },
  adminHosts: {
    kind: listOf(hostName, limits.HOSTS_MAX),
    default: [],
    doc: 'Further names by which the second listener may be called. Others are refused.',
  },
  adminToken: {
    kind: text('16 to 256 visible characters', /^[!-~]{16,256}$/),
    default: undefined,
    doc: 'Token for metrics and usage. While it is not set, one is made in `keys/admin-token`.',
    secret: true,
  },
  profile: {
    kind: oneOf('unixfs-v1-2025', 'unixfs-v0-2015'),
    default: PROFILE_DEFAULT,
    doc:
      'How files become blocks: the profile of IPIP-499, or the one that kubo has used since ' +
      '2015. The same content has another CID in each.',
  },
  origins: {
    kind: s3Stores,
    default: [],
    doc: 'S3-compatible stores that `s3:` addresses are read from, and their credentials.',
    secret: true,
  },
  allowPrivateOrigins: {
    kind: flag,
    default: false,
    doc: 'Let content lie at private and loopback addresses and at http: for private networks.',
  },
  dnsResolver: {
    kind: dnsResolver,
    default: { kind: 'system' },
    doc:
      'Who is asked for DNSLinks: the DNS servers of the system, others (`udp://192.0.2.1:53`, ' +
      'several separated by commas), a DNS-over-HTTPS server, or nobody.',
  },
  dnsTtlMsMax: {
    kind: milliseconds(namesLimits.DNS_TTL_MS_MIN, 168 * HOUR_MS),
    default: namesLimits.DNS_TTL_MS_MAX,
    doc: 'Longest time that a DNSLink is kept, whatever the TTL of its record.',
  },
  nameMap: {
    kind: listOf(mappedName, namesLimits.NAMES_MAPPED_MAX),
    default: [],
    doc:
      'DNS names and what they stand for, which wins over DNS: `docs.example=/ipfs/bafy…`. The ' +
      'variable `IPFS_NS_MAP` that other gateways have is read, too.',
  },
  nameTtlMsMax: {
    kind: milliseconds(namesLimits.NAME_TTL_MS_MIN, 168 * HOUR_MS),
    default: namesLimits.NAME_TTL_MS_MAX,
    doc: 'Longest time that an IPNS record is kept, whatever the TTL that it says.',
  },
  namePut: {
    kind: flag,
    default: false,
    doc:
      'Let anybody who reaches the port store valid IPNS records here (`PUT ' +
      '/routing/v1/ipns/<name>`).',
  },
  ipnsRouters: {
    kind: listOf(httpUrl, namesLimits.ROUTERS_MAX),
    default: [],
    doc:
      'Who is asked for IPNS records that are not published here: URLs of the Delegated Routing ' +
      'API, without `/routing/v1`.',
  },
  denylists: {
    kind: listOf(path, denyLimits.DENY_LISTS_MAX),
    default: [],
    doc:
      'Denylists in the compact format: files, or https: addresses. They are read again every ' +
      '`denylistRefreshMs`; what was read last holds while one can not be read.',
  },
  denylistRefreshMs: {
    kind: milliseconds(100, 168 * HOUR_MS),
    default: denyLimits.DENY_REFRESH_MS,
    doc: 'Pause between two reads of the `denylists`.',
  },
  ...IDENTITY,
  blockCacheBytes: {
    kind: bytes(0, 64 * GIB),
    default: limits.BLOCK_CACHE_BYTES_MAX,
    doc: 'Memory of each process for verified blocks.',
  },
  answerCacheBytes: {
    kind: bytes(0, 64 * GIB),
    default: limits.ANSWER_CACHE_BYTES_MAX,
    doc: 'Memory of each process for whole small answers.',
  },
  readAheadBytes: {
    kind: bytes(8 * MIB, 64 * GIB),
    default: limits.READ_AHEAD_BYTES_MAX,
    doc: 'Memory of each process for what is read before its client takes it.',
  },
  responseBytesMax: {
    kind: bytes(1, Number.MAX_SAFE_INTEGER),
    default: undefined,
    doc:
      'Largest file, or TAR of a folder, that is served; a larger one is refused with 410. ' +
      'Blocks and CARs of it are served.',
  },
  cdnCache: {
    kind: cdnCache,
    default: 'as-browser',
    doc:
      'What shared caches in front may keep, said to them alone in `CDN-Cache-Control`: as long ' +
      'as a browser; nothing, so that every read comes through and is recorded; or so many ' +
      'seconds.',
  },
  cacheTags: {
    kind: flag,
    default: false,
    doc:
      'Name the CIDs on the path of each answer in `Cache-Tag`, so that a shared cache can drop ' +
      'what was taken down.',
  },
  journalFileBytes: {
    kind: bytes(2 * MIB, 1 * GIB),
    default: logLimits.JOURNAL_FILE_BYTES_MAX,
    doc: 'Size of one journal file. Room for it is taken before reads are admitted.',
  },
  journalReserveBytes: {
    kind: bytes(0, 16 * GIB),
    default: logLimits.JOURNAL_RESERVE_BYTES,
    doc: 'Disk space kept free, so that a full disk can still be brought to order.',
  },
  ...LOCATORS,
  ...HANDOVER,
  ...RECORDING,
  ...PLANS,
  ...PAYOUTS,
  ...STATEMENTS,
  ...STRIPE,
  ...RETENTION,
  ...ANCHORS,
  ...EVM,
  ...WITNESSES,
  ...BOUNDS,
  logLevel: {
    kind: oneOf('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'),
    default: 'info',
    doc: 'Least level that is logged. At `debug` every read is.',
  },
  logFile: {
    kind: path,
    default: undefined,
    doc: 'File that the log is appended to, instead of stderr.',
  },
}

/** Names of all settings, in the table's order. */
export const SETTING_NAMES: readonly SettingName[] = Object.keys(SETTINGS) as SettingName[]

/** Flag of a setting: `port-search` for `portSearch`. */
export function flagOf(name: SettingName): string {
  return SETTINGS[name].flag ?? hyphened(name)
}

function hyphened(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Environment variable of a setting: `TURNPIKE_PORT_SEARCH` for `portSearch`. */
export function variableOf(name: SettingName): string {
  return `TURNPIKE_${hyphened(name).replaceAll('-', '_').toUpperCase()}`
}
