/**
 * How the anchors' contract (contract/ReceiptAnchor.sol) is spoken to.
 * @module
 */
import { parseAbi, type ParseAbi } from 'viem'

const SIGNATURES = [
  'struct Epoch { uint40 epoch; uint56 size; bytes32 root; bytes32 sealLeaf; }',
  'struct Head { address operator; uint40 epoch; uint56 size; bytes32 root; }',
  'function register(string origin, bytes32 ed25519Key, bytes claim) returns (bytes32 log)',
  'function setOperator(bytes32 log, address to)',
  'function anchor(bytes32 log, uint56 previousSize, bytes32 previousRoot, Epoch[] epochs)',
  'function standing(bytes32 log, Epoch[] epochs) view returns (Head head, uint40[] times)',
  'event Anchored(bytes32 indexed log, uint40 indexed epoch, uint56, bytes32, bytes32, bytes32)',
  'error Registered(bytes32 log)',
  'error NotOperator(address operator)',
  'error StaleHead(uint56 size, bytes32 root)',
  'error BadEpoch(uint40 last)',
  'error Conflict(uint40 epoch)',
] as const

/** What of the contract is used here; whoever verifies needs no more than `isAnchored`. */
export const ANCHOR_ABI: ParseAbi<typeof SIGNATURES> = parseAbi(SIGNATURES)
