/**
 * `turnpike receipts verify`: whether statements, and proofs of reads and of misbehaviour, hold.
 * @module
 */
import { readFile, writeFile } from 'node:fs/promises'
import { billedTwice } from '@turnpike/audit/billed-twice'
import { sameBytes } from '@turnpike/audit/base64'
import { BUNDLE_BYTES_MAX } from '@turnpike/audit/bundle/format'
import { askedOnChain } from '@turnpike/audit/bundle/chain'
import type { Trust } from '@turnpike/audit/bundle/context'
import { verifyBundle } from '@turnpike/audit/bundle/verify'
import type { Verified } from '@turnpike/audit/bundle/verify'
import { checkMisbehaviour } from '@turnpike/audit/check-misbehaviour'
import type { ChainContract } from '@turnpike/audit/evm-chain'
import { misbehaviour, MISBEHAVIOUR_TYPE } from '@turnpike/audit/misbehaviour'
import type { Misbehaviour } from '@turnpike/audit/misbehaviour'
import { nodeCrypto } from '@turnpike/audit/node-crypto'
import { BadNote, formatKey, parseKey } from '@turnpike/audit/note'
import type { NoteKey } from '@turnpike/audit/note'
import { isTlogProof } from '@turnpike/audit/tlog-proof'
import { judgePage } from '@turnpike/audit/page/judge-page'
import { bundleInPage } from '@turnpike/audit/page/page'
import { otherHistories } from '@turnpike/audit/same-history'
import { EXIT } from '../../exit.ts'
import type { ExitCode } from '../../exit.ts'
import { oneLine } from '../../output.ts'
import type { Output } from '../../output.ts'
import { judgeTlogProof } from '../../judge-tlog-proof.ts'
import { verdictLines } from '../../verdict-lines.ts'
import { UsageRefused, type Invocation, type Verb } from '../../verb.ts'

/** The verb. */
export const verify: Verb = {
  name: 'receipts verify',
  summary: 'Check statement bundles and proofs: whether they lie in the signed log.',
  operands: 'FILE…',
  operandsMin: 1,
  operandsMax: 1000,
  options: {
    vkey: { value: 'KEY', doc: 'The log’s key, from elsewhere than the file: receipts/log.vkey.' },
    witnesses: { value: 'KEY,…', doc: 'Keys of witnesses that are trusted.' },
    quorum: { value: 'COUNT', doc: 'How many of them must have signed; by default all.' },
    contract: {
      value: 'ADDRESS',
      doc: 'The anchors’ contract, that has to hold each sealed hour.',
    },
    rpc: { value: 'URL,…', doc: 'Nodes of its chain; all of them are asked, and have to agree.' },
    proof: { value: 'FILE', doc: 'Where to write a proof of misbehaviour, if there is one.' },
  },
  settings: [],
  examples: [
    ['turnpike receipts verify demo.json --vkey gateway.example/log+fb3a2a76+…', 'A bundle.'],
    ['turnpike receipts verify october.json november.html', 'Also that no hour is in both.'],
    ['turnpike receipts verify read.tlog-proof --vkey gateway.example/log+…', 'One read.'],
    ['turnpike receipts verify proof.json', 'A proof of misbehaviour: 0 when it shows it.'],
  ],
  async run(invocation) {
    const { args, options, output } = invocation
    const files = await Promise.all(args.map(readText))
    const texts = files.map((text) => bundleInPage(text) ?? text)
    const trust = trustOf(options)
    const chain = chainOf(options)
    const isOne = texts.length === 1
    if (isOne && isAccusation(texts[0]!)) return judge(texts[0]!, trust, output)
    if (isOne && isTlogProof(texts[0]!)) {
      if (chain !== undefined)
        throw new UsageRefused('--contract expected for statements: a read’s proof names no hour')
      return judgeTlogProof(texts[0]!, trust, output)
    }
    const verified: Verified[] = []
    for (const [i, text] of texts.entries()) {
      const one = verifyBundle(text, trust, nodeCrypto)
      const asked = chain ? await askedOnChain(one, chain, nodeCrypto) : one.verdict
      const verdict = files[i] === text ? asked : await judgePage(files[i]!, asked)
      verified.push({ ...one, verdict })
    }
    return report(invocation, texts, verified)
  },
}

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path)
  if (bytes.length > BUNDLE_BYTES_MAX)
    throw new UsageRefused(`${path} expected <= ${BUNDLE_BYTES_MAX} bytes`)
  return bytes.toString('utf8')
}

function isAccusation(text: string): boolean {
  return text.startsWith(`{"type":"${MISBEHAVIOUR_TYPE}"`)
}

function judge(text: string, { key }: Trust, output: Output): ExitCode {
  const found = checkMisbehaviour(text, nodeCrypto)
  const isOther = found.holds && key !== undefined && formatKey(key, nodeCrypto) !== found.log
  const other = { holds: false, says: `It is against another key than --vkey: ${found.log}` }
  const accusation = isOther ? { ...found, ...other } : found
  const { holds, log, says } = accusation
  output.line(output.bold(holds ? 'The proof holds.' : 'The proof does not hold.'))
  output.line(`  ${oneLine(says)}`)
  if (holds) output.line(`  It was signed by the key ${log}`)
  output.result(accusation)
  return holds ? EXIT.ok : EXIT.failed
}

function trustOf(options: Invocation['options']): Trust {
  const { vkey, witnesses, quorum } = options
  const trust = vkey === undefined ? {} : { key: keyOf('--vkey', String(vkey), 'log') }
  if (witnesses === undefined) {
    if (quorum === undefined) return trust
    throw new UsageRefused('--quorum expected with --witnesses: of whom?')
  }
  const keys = String(witnesses)
    .split(',')
    .map((text) => keyOf('--witnesses', text, 'witness'))
  const isTwice = (key: NoteKey, i: number): boolean =>
    keys.findIndex(({ publicKey }) => sameBytes(publicKey, key.publicKey)) < i
  if (keys.some(isTwice)) throw new UsageRefused('--witnesses expected each key once')
  const count = quorum === undefined ? keys.length : Number(quorum)
  if (!Number.isInteger(count) || count < 1 || count > keys.length)
    throw new UsageRefused(`--quorum expected 1 to ${keys.length}, got ${String(quorum)}`)
  return { ...trust, witnesses: { keys, quorum: count } }
}

function chainOf({
  contract,
  rpc,
}: Invocation['options']): Pick<ChainContract, 'contract' | 'rpcs'> | undefined {
  if (contract === undefined && rpc === undefined) return undefined
  if (contract === undefined || rpc === undefined)
    throw new UsageRefused('--contract and --rpc are expected together')
  if (!/^0x[0-9a-fA-F]{40}$/.test(String(contract)))
    throw new UsageRefused('--contract expected 0x and 40 hex digits')
  return { contract: String(contract), rpcs: String(rpc).split(',') }
}

function keyOf(option: string, text: string, kind: NoteKey['kind']): NoteKey {
  try {
    const key = parseKey(text, nodeCrypto)
    if (key.kind === kind) return key
    throw new UsageRefused(`${option} expected the key of a ${kind}`)
  } catch (error) {
    if (error instanceof BadNote) throw new UsageRefused(`${option}: ${error.message}`)
    throw error
  }
}

async function report(
  { args, options, output }: Invocation,
  texts: readonly string[],
  verified: readonly Verified[],
): Promise<ExitCode> {
  const twice = billedTwice(verified)
  const others = otherHistories(verified)
  const verdicts = verified.map(({ verdict }) => verdict)
  for (const [i, verdict] of verdicts.entries())
    for (const line of verdictLines(args[i]!, verdict, output)) output.line(line)
  for (const { where, first, second } of twice)
    output.line(
      `${output.bold('Billed twice')}: ${oneLine(where)}, in ${args[first]} and ${args[second]}`,
    )
  for (const { where, first, second } of others)
    output.line(`${output.bold('Another log')}: ${where}, in ${args[first]} and ${args[second]}`)
  const proof = proofOf(texts, verified)
  if (proof !== null) output.line(await keptProof(proof, options['proof']))
  const holds = twice.length + others.length === 0 && verdicts.every((one) => one.holds)
  output.line(output.bold(holds ? 'Verified.' : 'Refused.'))
  const files = verdicts.map((verdict, i) => ({ file: args[i], verdict }))
  output.result({ holds, files, billedTwice: twice, otherHistories: others })
  return holds ? EXIT.ok : EXIT.failed
}

/** What shows others that the operator signed what can't be, if anything does. */
function proofOf(texts: readonly string[], verified: readonly Verified[]): Misbehaviour | null {
  const own = verified.find(({ verdict }) => verdict.misbehaviour !== null)
  if (own !== undefined) return own.verdict.misbehaviour
  for (const { proof } of otherHistories(verified))
    if (proof !== null && checkMisbehaviour(JSON.stringify(proof), nodeCrypto).holds) return proof
  const [twice] = billedTwice(verified)
  if (twice === undefined || !verified.every(({ verdict }) => verdict.holds)) return null
  const [first, second] = [twice.first, twice.second].map((i) => JSON.parse(texts[i]!) as object)
  return misbehaviour('billed-twice', { bundles: [first!, second!] })
}

async function keptProof(proof: Misbehaviour, path: string | true | undefined): Promise<string> {
  if (typeof path !== 'string')
    return 'The operator signed this: --proof FILE keeps a proof of that for others.'
  await writeFile(path, `${JSON.stringify(proof)}\n`)
  return `The operator signed this: ${path} proves it.`
}
