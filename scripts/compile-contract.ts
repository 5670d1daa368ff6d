/**
 * Compiles the anchors' contract, always in the same way: `node scripts/compile-contract.ts` writes
 * what the anchor deploys. A test says that what is committed is what the source gives.
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '..')
const SOURCE = 'ReceiptAnchor.sol'
const ARTIFACT = 'packages/node/src/anchors/evm/contract.json'

/** What is compiled to, of a contract. */
export interface CompiledContract {
  readonly compiler: string
  /** That deploys it: hex with `0x`. */
  readonly bytecode: string
  readonly abi: readonly object[]
}

/** Older chains run Paris' instructions as well; without metadata, comments change no byte. */
const SETTINGS = {
  evmVersion: 'paris',
  optimizer: { enabled: true, runs: 10_000 },
  metadata: { appendCBOR: false, bytecodeHash: 'none' },
  outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
}

/** What of the compiler's answer is read. */
interface Output {
  readonly errors?: readonly { readonly formattedMessage: string }[]
  readonly contracts?: {
    readonly [file: string]: {
      readonly [name: string]: {
        readonly abi: readonly object[]
        readonly evm: { readonly bytecode: { readonly object: string } }
      }
    }
  }
}

/**
 * Compiles the contract, in some 3 s.
 *
 * @throws {Error} when the compiler has anything to say about it, warnings included
 * @example
 * const { bytecode } = compileContract()
 */
export function compileContract(): CompiledContract {
  // Loaded here: the compiler alone takes as long as many tests do.
  const solc = createRequire(import.meta.url)('solc') as {
    compile(input: string): string
    version(): string
  }
  const content = readFileSync(resolve(ROOT, 'contract', SOURCE), 'utf8')
  const input = { language: 'Solidity', sources: { [SOURCE]: { content } }, settings: SETTINGS }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as Output
  const said = (output.errors ?? []).map((one) => one.formattedMessage).join('\n')
  const contract = output.contracts?.[SOURCE]?.['ReceiptAnchor']
  if (said !== '' || contract === undefined) throw new Error(`${SOURCE} did not compile:\n${said}`)
  const bytecode = `0x${contract.evm.bytecode.object}`
  return { compiler: solc.version(), bytecode, abi: contract.abi }
}

if (import.meta.main) {
  const { compiler, bytecode } = compileContract()
  const text = JSON.stringify({ compiler, bytecode }, null, 2)
  writeFileSync(resolve(ROOT, ARTIFACT), `${text}\n`)
}
