/**
 * `turnpike deny`: what is served to nobody, and who decided so.
 * @module
 */
import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { callOrOpen } from '@turnpike/node/control/client'
import type { DenyOperation, DenyProgress } from '@turnpike/node/deny/operations'
import { isAddress } from '@turnpike/node/deny/read-source'
import type { DenyImported, DenyShown, ShownRow } from '@turnpike/node/deny/store'
import { DENY_PAGE_ROWS } from '@turnpike/core/limits/deny'
import { openHere } from '@turnpike/node/owner/open-here'
import { EXIT } from '../exit.ts'
import { needFolder } from '../need-folder.ts'
import type { Output } from '../output.ts'
import { formatCount } from '../units.ts'
import { UsageRefused, type Invocation, type Verb, type VerbGroup } from '../verb.ts'

const BY = { value: 'NAME', doc: 'Who decides, for the log. Unless told, the user of the system.' }
const REASON = { value: 'TEXT', doc: 'Why, for the log. It is never told to readers.' }
const OPERANDS_MAX = 10_000

const add: Verb = {
  name: 'deny add',
  summary: 'Serve something to nobody, from now on.',
  operands: 'WHAT…',
  operandsMin: 1,
  operandsMax: OPERANDS_MAX,
  options: {
    reason: REASON,
    legal: { doc: 'Answer 451, unavailable for legal reasons, instead of 410.' },
    by: BY,
  },
  settings: ['data'],
  examples: [
    ['turnpike deny add bafybei… --reason "court order 17" --legal', 'A CID, in every spelling.'],
    ['turnpike deny add /ipfs/bafybei…/secret/* --reason private', 'Paths below it.'],
    ['turnpike deny add https://example.com/ipfs/bafybei…/a --reason abuse', 'As it was reported.'],
    ['turnpike deny add /ipns/example.org --reason phishing', 'A name.'],
    ['turnpike deny add "!/ipfs/bafybei…" --reason "our own"', 'An exception from imported lists.'],
  ],
  async run(invocation) {
    const { args: what, options, output } = invocation
    if (typeof options.reason !== 'string' || options.reason === '')
      throw new UsageRefused('"deny add" expected --reason TEXT, got none')
    const { legal } = options
    const done = await call(invocation, 'denyAdd', { what, ...(legal && { legal: true }) })
    const { rules } = done as { readonly rules: readonly string[] }
    for (const rule of rules) output.line(`Denied ${rule}`)
    output.result({ rules })
    return EXIT.ok
  },
}

const rm: Verb = {
  name: 'deny rm',
  summary: 'Take back what was denied, or a list that was imported.',
  operands: 'WHAT…',
  operandsMin: 0,
  operandsMax: OPERANDS_MAX,
  options: {
    list: { value: 'NAME', doc: 'A list that was imported, whole.' },
    reason: REASON,
    by: BY,
  },
  settings: ['data'],
  examples: [
    ['turnpike deny rm bafybei… --reason "order lifted"', 'It is served again, at once.'],
    ['turnpike deny rm --list badbits', 'The list is not looked at any more.'],
  ],
  async run(invocation) {
    const { args: what, options, output } = invocation
    const { list } = options
    if (what.length > 0 === (list !== undefined))
      throw new UsageRefused('"deny rm" expected either WHAT… or --list NAME')
    if (list !== undefined) await call(invocation, 'denyDrop', { name: list })
    else await call(invocation, 'denyRemove', { what })
    for (const one of list === undefined ? what : [`list ${list}`])
      output.line(`No longer denied: ${one}`)
    output.result(list === undefined ? { removed: what } : { list })
    return EXIT.ok
  },
}

const ls: Verb = {
  name: 'deny ls',
  summary: 'Say what is denied, or who changed what.',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: { log: { doc: 'The log of changes, newest first.' } },
  settings: ['data'],
  examples: [
    ['turnpike deny ls', 'Rules set one by one, newest first, and imported lists.'],
    ['turnpike deny ls --log --json', 'Who denied what, when and why, for a script.'],
  ],
  async run(invocation) {
    const { options, output } = invocation
    if (options.log === true) {
      const { rows } = await pages(invocation, true)
      for (const row of rows) output.line(logLine(row))
      output.result({ log: rows })
    } else {
      const { rows: rules, lists } = await pages(invocation, false)
      printRules(rules, lists, output)
      output.result({ rules, lists })
    }
    return EXIT.ok
  },
}

const importList: Verb = {
  name: 'deny import',
  summary: 'Take in a denylist, in place of the one of its name.',
  operands: 'FILE|URL',
  operandsMin: 1,
  operandsMax: 1,
  options: {
    name: { value: 'NAME', doc: "The list's name. Unless told, that of its file." },
    reason: REASON,
    by: BY,
  },
  settings: ['data', 'allowPrivateOrigins'],
  examples: [
    ['turnpike deny import https://badbits.dwebops.pub/badbits.deny', 'A list of the field.'],
    [
      'turnpike deny import ./abuse.deny --name abuse',
      'One of yours. Setting denylists repeats it.',
    ],
  ],
  async run(invocation) {
    const { args, options, loaded, output } = invocation
    const [given = ''] = args
    const done = await call(invocation, 'denyImport', {
      source: isAddress(given) ? given : resolve(given),
      allowHttp: loaded.settings.allowPrivateOrigins,
      ...(options.name !== undefined && { name: options.name }),
    })
    printImport(done as Partial<DenyImported> & { readonly name: string }, output)
    output.result(done)
    return EXIT.ok
  },
}

/** The verbs. */
export const deny: VerbGroup = {
  name: 'deny',
  summary: 'Decide what is served to nobody.',
  verbs: [add, rm, ls, importList],
}

/** Calls the folder's owner, with who asks and why; shows how far it is. */
async function call(
  { options, loaded, output, signal }: Invocation,
  method: DenyOperation,
  params: object,
): Promise<object> {
  const { data } = loaded.settings
  needFolder(data)
  const by = options.by ?? systemUser()
  const asked = { by, reason: options.reason ?? '', ...params }
  let bar: ReturnType<Output['progressBar']>
  const onProgress = (event: unknown): void => {
    const { bytes, totalBytes } = event as DenyProgress
    bar ??= output.progressBar(totalBytes)
    bar?.update(bytes)
  }
  const open = (): ReturnType<typeof openHere> => openHere(data)
  const called = await callOrOpen(data, open, method, asked, { signal, onProgress }).finally(() =>
    bar?.end(),
  )
  if (called.error) throw called.error
  return called.ok
}

/** A container may run as a user that the system has no name for. */
function systemUser(): string {
  try {
    return userInfo().username
  } catch {
    return `user ${process.getuid?.() ?? 'unknown'}`
  }
}

/** All rules, or lines of the log, page by page, and the lists. */
async function pages(
  invocation: Invocation,
  log: boolean,
): Promise<{ readonly rows: ShownRow[]; readonly lists: readonly ShownRow[] }> {
  const rows: ShownRow[] = []
  for (;;) {
    const before = rows.at(-1)?.id
    const asked = { ...(log && { log }), ...(before !== undefined && { before }) }
    const shown = await call(invocation, 'denyShow', asked)
    const { lists = [], ...page } = shown as Partial<DenyShown> & { readonly log?: ShownRow[] }
    const more = page.log ?? page.rules ?? []
    rows.push(...more)
    if (more.length < DENY_PAGE_ROWS) return { rows, lists }
  }
}

function printRules(rules: readonly ShownRow[], lists: readonly ShownRow[], output: Output): void {
  for (const { rule, reason, by, addedMs } of rules)
    output.line(`${rule}  ${dateOf(addedMs)} by ${by}: ${reason}`)
  for (const { name, source, rules: count, changedMs } of lists) {
    const said = `${formatCount(Number(count))} rules, changed ${dateOf(changedMs)}, from ${source}`
    output.line(`${output.bold(`list ${name}`)}  ${said}`)
  }
  if (rules.length + lists.length === 0) output.line('Nothing is denied.')
}

function logLine({ atMs, by, action, what, reason }: ShownRow): string {
  return `${dateOf(atMs)}  ${by}  ${action}  ${what}${reason === '' ? '' : `  (${reason})`}`
}

function printImport(
  { name, rules, added = 0, removed = 0, refusedLines = 0, firstRefusal }: Partial<DenyImported>,
  output: Output,
): void {
  if (rules === undefined) return output.line(`List ${name} has not changed since it was read.`)
  output.line(
    `List ${name}: ${formatCount(rules)} rules, ` +
      `${formatCount(added)} added, ${formatCount(removed)} removed.`,
  )
  if (refusedLines === 0) return
  output.note(`${formatCount(refusedLines)} lines say nothing that is understood: ${firstRefusal}`)
}

function dateOf(ms: ShownRow[string] | undefined): string {
  return new Date(Number(ms)).toISOString().slice(0, 19).replace('T', ' ')
}
