/**
 * Bounds of delegations, of invocations, and of the DIDs in them.
 * @module
 */

const KIB = 1024
const MIB = 1024 * KIB

/** Delegations of one space, all audiences together, and of all spaces, some 2 KiB each. */
export const DELEGATIONS_PER_SPACE_MAX = 256
export const DELEGATIONS_MAX = 200_000
/** Delegations that one answer lists. */
export const DELEGATIONS_LISTED_MAX = 10_000
/** Revocations that are kept: each stays for ever, some 500 bytes. */
export const REVOCATIONS_MAX = 1_000_000
/** Bytes and blocks of a delegation's archive: a chain of three has 1 KiB in three blocks. */
export const DELEGATION_ARCHIVE_BYTES_MAX: number = 256 * KIB
export const DELEGATION_BLOCKS_MAX = 64
/** Links of a chain, from the space to the gateway: account, agent, and what teams add. */
export const CHAIN_DEPTH_MAX = 8
/** Capabilities of one UCAN, and proofs that it names: a login has one, an agent some twenty. */
export const UCAN_CAPABILITIES_MAX = 64
export const UCAN_PROOFS_MAX = 64
/** Ways through the proofs of one delegation that are tried before it counts as no chain. */
export const CHAIN_STEPS_MAX = 4096
/** Characters of a token in a request, and in a caveat. */
export const TOKEN_CHARS_MAX = 1024
/** Delegations that a process keeps decoded and checked, some 4 KiB each. */
export const CHAINS_KEPT_MAX = 4096
/** Spaces of which a process keeps what they allow. */
export const VERDICTS_KEPT_MAX = 16_384
/** Pause before keys of a DID are asked for again, when whoever knows them could not be reached. */
export const DID_RETRY_MS = 1_000
/** Bytes and blocks of an agent message: a delegation with its chain has some 2 KiB in 5 blocks. */
export const MESSAGE_BYTES_MAX: number = 256 * KIB
export const MESSAGE_BLOCKS_MAX = 256
/** Invocations of one message, and delegations that one of them names. */
export const MESSAGE_INVOCATIONS_MAX = 16
export const MESSAGE_DELEGATIONS_MAX = 8
/** Invocations of one message, where all but so many are of abilities that run many at once. */
export const MESSAGE_BATCHED_MAX = 128
/** Ways through the proofs of one invocation: libraries walk each. */
export const MESSAGE_PROOF_STEPS_MAX = 256
/** Signatures that a front door remembers, some 100 bytes each. */
export const SIGNATURES_KEPT_MAX = 4096
/** DIDs of keys whose bytes a process keeps. */
export const DID_KEYS_KEPT_MAX = 1024
/** Ed25519 keys that a process keeps ready to check signatures with, some 1 KiB each. */
export const PUBLIC_KEYS_KEPT_MAX = 1024
/** Signatures that are looked at for one message. */
export const MESSAGE_SIGNATURES_MAX = 256
/**
 * Messages that all processes of a deployment have under way; beyond, clients are told to come
 * again. Each is a call of the owner, as receipts, acknowledgements and batches are: all of them
 * together leave some of `CONTROL_CLIENTS_MAX` to commands.
 */
export const MESSAGES_IN_FLIGHT_MAX = 32
/**
 * Bodies that a process has on their way to each of its addresses that take some: 32 MiB. One more
 * pushes out the one that came first, so that slow clients keep nobody out.
 */
export const BODIES_READ_MAX = 128
/** Time for all invocations of a message, look-ups of DIDs included. */
export const MESSAGE_TIMEOUT_MS = 10_000
/** Bytes of tasks that are kept: of their invocations and receipts. */
export const AGENT_BYTES_MAX: number = 1024 * MIB
/** Tasks whose receipts are kept, some 2 KiB each, and for how long. */
export const AGENT_TASKS_MAX = 100_000
export const AGENT_TASK_MS_MAX: number = 30 * 24 * 3_600_000
/** Characters of a DID that is looked up, and keys that are taken from its document. */
export const DID_CHARS_MAX = 512
export const DID_KEYS_MAX = 16
/** Bytes of a DID document, time to get it, and documents that a process gets at once. */
export const DID_DOCUMENT_BYTES_MAX: number = 64 * KIB
export const DID_TIMEOUT_MS = 5_000
export const DID_FETCHES_MAX = 16
/** DIDs whose keys a process keeps, for how long, and for how long that there are none. */
export const DIDS_KEPT_MAX = 1024
export const DID_TTL_MS = 300_000
export const DID_ABSENT_TTL_MS = 60_000
/** DIDs that an operator maps to keys, and authorities that are believed. */
export const DIDS_MAPPED_MAX = 256
export const ATTESTERS_MAX = 16
/** Characters of an `X-Agent-Message` field (RFC: value <= 4 KiB), and bytes that it unpacks to. */
export const AGENT_HEADER_CHARS_MAX = 4096
export const AGENT_HEADER_MESSAGE_BYTES_MAX: number = 16 * KIB
/** Blocks of such a message: an invocation, and more proofs than would fit. */
export const AGENT_HEADER_BLOCKS_MAX = 32
/** How long before its end an invocation to retrieve may come: replays are known until then. */
export const RETRIEVE_LIFE_MS_MAX = 3_600_000
/** How long an invocation of ours holds: what ucanto's clients use. */
export const RETRIEVE_LIFE_MS = 30_000
/** UCANs that one invocation to retrieve may stand on. */
export const RETRIEVE_PROOFS_MAX = 32
/** Proofs that came ahead of what needs them: bytes of all, and how long they are kept. */
export const RETRIEVE_PROOFS_KEPT_BYTES_MAX: number = 8 * MIB
export const RETRIEVE_PROOFS_KEPT_MS = 600_000
/** Invocations that were run and could come again, of one space and in all: 200 bytes each. */
export const RETRIEVED_PER_SPACE_MAX = 8192
export const RETRIEVED_MAX = 65_536
/** Bytes of an answer that says which proofs are missing. */
export const MISSING_PROOFS_BYTES_MAX: number = 16 * KIB
/** Origins remembered as open to all, and for how long. */
export const OPEN_ORIGINS_KEPT_MAX = 1024
export const OPEN_ORIGINS_KEPT_MS = 600_000
