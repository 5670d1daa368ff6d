/**
 * Check 2 on a chain: that the anchors' contract holds each sealed hour as the log has it.
 * @module
 */
import { parseEpochAnchor } from '../epoch-file.ts'
import { checkAnchored, isClaimed, knownRegistrants } from '../evm-chain.ts'
import type { ChainContract, ChainStanding } from '../evm-chain.ts'
import type { AuditCrypto } from '../crypto.ts'
import { Findings } from '../findings.ts'
import { keyHashOf, parseKey } from '../note.ts'
import { isAnchorsWord } from './anchors.ts'
import { hourOf } from './context.ts'
import type { SealedEpoch } from './context.ts'
import { several } from './verdict.ts'
import type { Verdict } from './verdict.ts'
import type { Verified } from './verify.ts'

/** What the chain says, for people. */
const SAYS: Readonly<Record<ChainStanding['kind'], string>> = {
  final: 'there for good',
  notFinal: 'there, and not for good yet',
  missing: 'no such hour',
  different: 'another one',
  unknown: 'no answer',
}

const ONLY_THIS_REGISTRANT =
  'No node searched far enough back to say whether the log has named another registrant, too.'

/**
 * The verdict on a bundle, with what the chain says of its hours.
 *
 * @example
 * const verdict = await askedOnChain(verified, { rpcs: ['https://rpc.example'], contract }, crypto)
 */
export async function askedOnChain(
  { verdict, sealed }: Verified,
  chain: Pick<ChainContract, 'rpcs' | 'contract'>,
  crypto: AuditCrypto,
): Promise<Verdict> {
  // Without a log there was nothing that could be read.
  if (verdict.log === '') return verdict
  const findings = new Findings()
  // What was the log's word only is asked for now.
  const notes = verdict.notes.filter((note) => !isAnchorsWord(note, 'evm'))
  const { publicKey, ...key } = parseKey(verdict.log, crypto)
  const logId = keyHashOf({ ...key, publicKey }, crypto)
  let found = 0
  for (const [registration, epochs] of byRegistration(sealed, verdict.log, chain, crypto)) {
    if (registration === undefined) {
      for (const { part } of epochs)
        findings.add(hourOf(part.epoch), 'an anchor in the contract, by the log’s word', 'none')
      continue
    }
    const { registrant, chainId } = registration
    const place = { contract: chain.contract, chainId }
    const all = await knownRegistrants(chain.rpcs, place, { logId, publicKey }, crypto)
    // Others may be shown what the other one anchors.
    if (all?.some((one) => one !== registrant.toLowerCase()))
      findings.add('contract', 'one registrant by the log’s word', all.join(' and '))
    if (all === undefined && !notes.includes(ONLY_THIS_REGISTRANT)) notes.push(ONLY_THIS_REGISTRANT)
    const asked = epochs.map(({ seal, sealLeaf, root }) => {
      const { epoch, end } = seal
      return { epoch, end, root, sealLeaf }
    })
    const standings = await checkAnchored({ ...chain, chainId }, { logId, registrant }, asked)
    for (const [i, standing] of standings.entries()) {
      if (standing.kind === 'final') found++
      else findings.add(hourOf(asked[i]!.epoch), 'on chain for good', sayingOf(standing))
    }
  }
  const says = `${found} of ${several(sealed.length, 'sealed hour')} on chain for good`
  return withFindings({ ...verdict, notes }, says, findings)
}

function sayingOf(standing: ChainStanding): string {
  return standing.kind === 'unknown' ? standing.reason : SAYS[standing.kind]
}

interface Registration {
  readonly registrant: string
  readonly chainId: number
}

/** Hours by who anchored them and where; by undefined, those that the log names nobody for. */
function byRegistration(
  sealed: readonly SealedEpoch[],
  log: string,
  { contract }: Pick<ChainContract, 'contract'>,
  crypto: AuditCrypto,
): Map<Registration | undefined, SealedEpoch[]> {
  const { publicKey } = parseKey(log, crypto)
  const known = new Map<string, Registration>()
  const groups = new Map<Registration | undefined, SealedEpoch[]>()
  for (const epoch of sealed) {
    const said = registrationOf(epoch, contract)
    const isOwn = said !== undefined && isClaimed(said, publicKey, crypto)
    const name = isOwn ? `${said.chainId} ${said.registrant}` : ''
    if (isOwn && !known.has(name)) known.set(name, said)
    const registration = known.get(name)
    const group = groups.get(registration)
    if (group === undefined) groups.set(registration, [epoch])
    else group.push(epoch)
  }
  return groups
}

/** What an hour's `.anchor` says of a contract. Its signature was checked with the bundle. */
function registrationOf(
  { part }: SealedEpoch,
  contract: string,
): (Registration & { readonly contract: string; readonly claim: string }) | undefined {
  if (part.anchor === null) return undefined
  for (const { anchor, proof } of parseEpochAnchor(part.anchor).anchors) {
    const { contract: named, registrant, chainId, claim } = proof ?? {}
    if (anchor !== 'evm' || String(named).toLowerCase() !== contract.toLowerCase()) continue
    return { contract, registrant: `${registrant}`, chainId: Number(chainId), claim: `${claim}` }
  }
  return undefined
}

function withFindings(verdict: Verdict, says: string, { named, count }: Findings): Verdict {
  const checks = verdict.checks.map((check) => {
    if (check.name !== 'anchors') return check
    const { name, holds, findings, findingsCount } = check
    return {
      name,
      holds: holds && count === 0,
      says: check.says === '' ? says : `${check.says}; ${says}`,
      findings: [...findings, ...named],
      findingsCount: findingsCount + count,
    }
  })
  return { ...verdict, checks, holds: verdict.holds && count === 0 }
}
