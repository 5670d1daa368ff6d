/**
 * Bounds of names: IPNS records, DNS, and those who route them.
 * @module
 */

const KIB = 1024

/** Bytes of an IPNS record (IPNS spec, "Record Size Limit"). */
export const IPNS_RECORD_BYTES_MAX: number = 10 * KIB
/** IPNS names whose records are kept: 1 GiB when each has the most bytes, 50 MB as records are. */
export const NAMES_MAX = 100_000
/** Hops from a name to content (DNSLink specification: what boxo follows). */
export const NAME_HOPS_MAX = 32
/** Time for one name to lead to content, over all hops. */
export const NAME_TIMEOUT_MS = 10_000
/** Time for one router to tell the record of a name. */
export const ROUTER_TIMEOUT_MS = 4_000
/** Routers in the settings. */
export const ROUTERS_MAX = 16
/** Look-ups of names under way at once at routers; others are refused. */
export const ROUTER_LOOKUPS_MAX = 64
/** Names whose records from routers are kept, and as many that routers did not know. */
export const ROUTED_NAMES_KEPT_MAX = 4096
/** How long a record from a router is kept that does not say; and the longest, a setting. */
export const NAME_TTL_MS = 60_000
export const NAME_TTL_MS_MAX = 86_400_000
/** Shortest time that a router's answer is kept. */
export const NAME_TTL_MS_MIN = 1_000
/** How long a name is kept as one that routers do not know, or that they failed for. */
export const NAME_MISSING_TTL_MS = 5_000
/** Own names that are published from one folder. */
export const OWN_NAMES_MAX = 1000
/** How long a record made here holds, unless told: what the field's tools use. */
export const NAME_LIFETIME_MS: number = 48 * 3_600_000
/** Longest lifetime, and longest TTL, of a record made here: 10 years. */
export const NAME_LIFETIME_MS_MAX: number = 3650 * 24 * 3_600_000
/** How long others may keep a record made here, unless told: what the field's tools use. */
export const NAME_PUBLISH_TTL_MS = 300_000
/** Pause between two looks for own records to be signed anew. */
export const NAME_RENEW_MS = 60_000
/** Names mapped in the settings. */
export const NAMES_MAPPED_MAX = 1000
/** Characters of the path in a DNSLink. */
export const DNSLINK_CHARS_MAX: number = 4 * KIB
/** Time for a whole DNSLink look-up: an unknown host must not hold a request. */
export const DNS_TIMEOUT_MS = 2_000
/** Time for one server to answer one query, after which the next is asked. */
export const DNS_TRY_TIMEOUT_MS = 700
/** Queries of one look-up that go out for one record, over all servers. */
export const DNS_TRIES_MAX = 4
/** DNS servers that are used: as many as the system's resolvers use, and one. */
export const DNS_SERVERS_MAX = 4
/** DNSLink look-ups under way at once; others are refused, so that made-up hosts cost little. */
export const DNS_LOOKUPS_MAX = 64
/** Bytes of a DNS answer by UDP: what passes everywhere without fragments (DNS flag day 2020). */
export const DNS_UDP_BYTES_MAX = 1232
/** Bytes of a DNS answer by TCP or HTTPS: its length is 16 bits wide. */
export const DNS_MESSAGE_BYTES_MAX = 65_535
/** CNAMEs from an asked name to its records. */
export const DNS_CNAMES_MAX = 16
/** Hosts whose DNSLink is kept, and as many that have none or whose look-up failed. */
export const DNS_HOSTS_KEPT_MAX = 4096
/** Shortest time that an answer is kept: DNS counts in seconds; 0 would be a query a request. */
export const DNS_TTL_MS_MIN = 1_000
/** Longest time that a DNSLink is kept; a setting. */
export const DNS_TTL_MS_MAX = 86_400_000
/** Longest time that a host is kept as one without a DNSLink: a new one is seen soon. */
export const DNS_NEGATIVE_TTL_MS_MAX = 60_000
/** Time after a failed look-up before DNS is asked for the same host again. */
export const DNS_FAILURE_TTL_MS = 5_000
/** Time past its TTL that a DNSLink is still used while DNS fails. */
export const DNS_STALE_MS_MAX = 3_600_000
