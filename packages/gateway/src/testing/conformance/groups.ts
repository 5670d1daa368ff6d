/**
 * The groups of the conformance suite, v0.13.2, with the requests that each tests; and what tables
 * of ours leave out of them.
 * @module
 */
import type { ConformanceCase } from './table.ts'

/** Requests that each group tests; 274 in all. Source: the rules of the suite, its counts. */
export const SUITE = {
  TestTrustlessRaw: 5,
  TestTrustlessRawRanges: 2,
  TestTrustlessCarPathing: 8,
  TestTrustlessCarDagScopeBlock: 6,
  TestTrustlessCarDagScopeEntity: 10,
  TestTrustlessCarDagScopeAll: 4,
  TestTrustlessCarEntityBytes: 22,
  TestTrustlessCarFormatPrecedence: 2,
  TestTrustlessCarOrderAndDuplicates: 7,
  TestGatewayIPNSRecord: 5,
  TestUnixFSDirectoryListing: 4,
  TestGatewayCache: 16,
  TestGatewaySymlink: 3,
  TestPathGatewayMiscellaneous: 1,
  TestCors: 2,
  TestGatewayCacheWithIPNS: 5,
  TestGatewayUnixFSFileRanges: 6,
  TestGatewayBlock: 6,
  TestTar: 6,
  TestGatewayJsonCbor: 3,
  TestCodecMismatchReturns406: 6,
  TestPlainCodec: 18,
  TestPathing: 6,
  TestNativeDag: 27,
  TestGatewayJSONCborAndIPNS: 8,
  TestGatewayIPNSPath: 6,
  TestRedirectCanonicalIPNS: 2,
  TestGatewayIPNSRecordWithSubpath: 1,
  TestUnixFSDirectoryListingOnSubdomainGateway: 3,
  TestGatewaySubdomains: 21,
  TestGatewaySubdomainAndIPNS: 9,
  TestSubdomainGatewayDNSLinkInlining: 9,
  TestProxyGatewaySubdomains: 3,
  TestProxyTunnelGatewaySubdomains: 3,
  TestRedirectsFileSupport: 15,
  TestRedirectsFileSupportWithDNSLink: 2,
  TestRedirectsFileWithIfNoneMatchHeader: 6,
  TestDNSLinkGatewayUnixFSDirectoryListing: 3,
  TestDNSLinkGatewayWithSubpath: 1,
  TestDNSLinkGatewayIPNS: 2,
} as const

/** A group of the suite. */
export type SuiteGroup = keyof typeof SUITE

/** A table: a group of the suite, or what the suite does not ask. */
export interface ConformanceGroup {
  readonly name: SuiteGroup | `beyond the suite: ${string}`
  /** Made only where the suite's data is. */
  rows(): readonly ConformanceCase[]
}

/** Rows of each group; names that stand twice in one count once. */
function countsOf(groups: readonly ConformanceGroup[]): ReadonlyMap<string, number> {
  const names = new Map<string, Set<string>>()
  for (const { name, rows } of groups) {
    const known = names.get(name) ?? new Set()
    for (const row of rows()) known.add(row.name)
    names.set(name, known)
  }
  return new Map([...names].map(([name, known]) => [name, known.size]))
}

/** Groups with fewer rows than the suite has requests. Empty: nothing is left out. */
export function shortGroups(groups: readonly ConformanceGroup[]): string[] {
  const counts = countsOf(groups)
  return Object.entries(SUITE)
    .filter(([name, wanted]) => (counts.get(name) ?? 0) < wanted)
    .map(([name, wanted]) => `${name} expected ${wanted} rows, got ${counts.get(name) ?? 0}`)
}

/** A line for each group of the suite: its requests, our rows. */
export function groupLines(groups: readonly ConformanceGroup[]): string[] {
  const counts = countsOf(groups)
  return Object.entries(SUITE).map(
    ([name, wanted]) => `| \`${name}\` | ${wanted} | ${counts.get(name) ?? 0} |`,
  )
}
