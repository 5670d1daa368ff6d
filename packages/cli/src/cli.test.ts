import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { EXIT, exitCodeOf } from './exit.ts'
import { cliPage } from './cli-page.ts'
import { findVerb, type Asked } from './find-verb.ts'
import { generalHelp, groupHelp, verbHelp } from './help.ts'
import { Output, type Sink } from './output.ts'
import { parseVerb } from './parse.ts'
import { ProgressBar } from './progress-bar.ts'
import { formatBytes, formatSeconds } from './units.ts'
import { UsageRefused, type Verb, type VerbGroup } from './verb.ts'
import { allVerbs, verbsFor } from './verbs.ts'

const VERBS = await allVerbs()
/** Every verb, those of groups too. */
const ALL = VERBS.flatMap((entry) => ('verbs' in entry ? entry.verbs : [entry]))

function verbNamed(name: string): Verb {
  return ALL.find((verb) => verb.name === name)!
}

function sink(isTTY = false): Sink & { text: string } {
  return {
    isTTY,
    columns: 60,
    text: '',
    write(more) {
      this.text += more
    },
  }
}

test('words become options, flags and operands', () => {
  const parsed = parseVerb(verbNamed('add'), ['--wrap', 'a', '--data=d', 'b', '--json'])
  assert.deepEqual(parsed.args, ['a', 'b'])
  assert.equal(parsed.options.wrap, true)
  assert.deepEqual(parsed.flags, { data: 'd' })
  assert.equal(parsed.json, true)
  assert.deepEqual(parseVerb(verbNamed('add'), ['--', '--wrap']).args, ['--wrap'])
})

test('a setting that is on or off can be said in each way', () => {
  const flag = (word: string): unknown => parseVerb(verbNamed('serve'), [word]).flags.portSearch
  assert.equal(flag('--port-search'), true)
  assert.equal(flag('--port-search=true'), true)
  assert.equal(flag('--port-search=false'), 'false')
  assert.equal(flag('--no-port-search'), 'false')
})

test('the flag of a list may be given several times', () => {
  const words = ['--subdomain-host', 'a.example', '--subdomain-host=b.example,c.example']
  const { flags } = parseVerb(verbNamed('serve'), words)
  assert.equal(flags.subdomainHosts, 'a.example,b.example,c.example')
})

test('what is unknown, missing or too much is refused with a hint', () => {
  const refused = (name: string, words: string[], message: RegExp): void =>
    assert.throws(
      () => parseVerb(verbNamed(name), words),
      (error: Error) => {
        assert.ok(error instanceof UsageRefused)
        assert.match(error.message, message)
        return true
      },
    )
  refused('serve', ['--prot', '1'], /unknown option --prot; did you mean --port\?/)
  refused('serve', ['--qqqqqqqqqqqq'], /^unknown option --qqqqqqqqqqqq$/)
  refused('serve', ['--port'], /--port/)
  refused('serve', ['here'], /"serve" expected nothing after it, got here/)
  refused('rm', [], /"rm" expected CID, got nothing/)
  refused('rm', ['a', 'b'], /got a b/)
})

test('help names every option, and needs no operands', () => {
  for (const verb of ALL) {
    assert.equal(parseVerb(verb, ['--help']).help, true)
    const text = verbHelp(verb)
    for (const name of Object.keys(verb.options)) assert.ok(text.includes(`--${name}`), name)
    assert.ok(verb.examples.length > 0)
    assert.ok(
      text.split('\n').every((line) => line.length <= 80),
      verb.name,
    )
  }
  for (const { summary } of VERBS) assert.ok(generalHelp(VERBS).includes(summary))
})

test('a word loads the verb or group that it calls, and no other; any other word all', async () => {
  for (const entry of VERBS) assert.deepEqual(await verbsFor(entry.name), [entry])
  for (const word of ['', 'sreve', 'constructor', '--json'])
    assert.deepEqual(await verbsFor(word), VERBS)
})

test('a verb of a group is called by two words', () => {
  const [rm, gc] = [verbNamed('rm'), verbNamed('gc')]
  const verbs = [
    { ...rm, name: 'pin rm' },
    { ...gc, name: 'pin gc' },
  ]
  const group: VerbGroup = { name: 'pin', summary: 'Keep.', verbs }
  const find = (line: string): Asked => findVerb(line.split(' '), [rm, group])
  assert.deepEqual(find('rm a b'), { verb: rm, words: ['a', 'b'] })
  assert.deepEqual(find('pin rm a --json'), { verb: verbs[0], words: ['a', '--json'] })
  for (const line of ['pin', 'pin help', 'pin --help', 'pin -h'])
    assert.deepEqual(find(line), { group }, line)
  const refused = (line: string): object => (find(line) as { refused: object }).refused
  assert.deepEqual(refused('pin rn'), {
    message: '"pin rn" is not a verb',
    hint: 'did you mean "pin rm"?',
  })
  assert.deepEqual(refused('pin --data'), {
    message: '"pin --data" is not a verb',
    hint: 'see turnpike pin --help',
  })
  assert.deepEqual(refused('pim rm'), {
    message: '"pim" is not a verb',
    hint: 'did you mean "pin"?',
  })
  assert.match(groupHelp(group), /^turnpike pin VERB.*pin rm {2}Withdraw.*pin gc/s)
})

test('with --json stdout has the result alone; otherwise words alone', () => {
  for (const json of [true, false]) {
    const stdout = sink()
    const stderr = sink()
    const output = new Output({ stdout, stderr, env: {}, json })
    output.line('words')
    output.note('note')
    output.result({ a: 1 })
    assert.equal(stdout.text, json ? '{"a":1}\n' : 'words\n')
    assert.equal(stderr.text, 'note\n')
  }
})

test('no name of a file can act on the terminal', () => {
  const stdout = sink(true)
  const output = new Output({ stdout, stderr: sink(), env: {}, json: false })
  output.line(`${output.bold('cid')} a\u001B]0;title\u0007\rb\u009B2J`)
  assert.equal(stdout.text, '\u001B[1mcid\u001B[22m a\\x1b]0;title\\x07\\x0db\\x9b2J\n')
})

test('colour and progress need a terminal and no NO_COLOR', () => {
  const on = (isTTY: boolean, env: Record<string, string>): boolean => {
    const output = new Output({ stdout: sink(isTTY), stderr: sink(isTTY), env, json: false })
    assert.equal(output.bold('x') !== 'x', output.showsProgress)
    return output.showsProgress
  }
  assert.equal(on(true, {}), true)
  assert.equal(on(false, {}), false)
  assert.equal(on(true, { NO_COLOR: '1' }), false)
  assert.equal(on(true, { TERM: 'dumb' }), false)
})

test('a bar says how far, how fast and how long, ten times a second, within the line', () => {
  const stderr = sink(true)
  let nowMs = 0
  const bar = new ProgressBar(stderr, 100 * 1024 * 1024, () => nowMs)
  for (let i = 0; i < 1000; i++) bar.update(i)
  assert.equal(stderr.text, '')
  nowMs = 1000
  bar.update(25 * 1024 * 1024)
  assert.match(stderr.text, /█{6}░{18} 25 % {2}25 MiB of 100 MiB/)
  for (const line of stderr.text.split('\r\u001B[K')) assert.ok(line.length < 60)
  stderr.text = ''
  bar.end()
  assert.equal(stderr.text, '\r\u001B[K')
})

test('numbers read well', () => {
  assert.equal(formatBytes(1023), '1023 bytes')
  assert.equal(formatBytes(1536), '1.5 KiB')
  assert.equal(formatBytes(2 ** 60), '1024 PiB')
  assert.equal(formatSeconds(59.1), '1 min 0 s')
  assert.equal(formatSeconds(3725), '1 h 2 min')
})

test('errors have exit codes by name, others by cause', () => {
  const named = (name: string): Error => Object.assign(new Error('x'), { name })
  assert.equal(exitCodeOf(named('SettingRefused')), EXIT.usage)
  assert.equal(exitCodeOf(named('RootUnknown')), EXIT.missing)
  assert.equal(exitCodeOf(named('FolderInUse')), EXIT.busy)
  assert.equal(exitCodeOf(named('toString')), EXIT.failed)
  assert.equal(exitCodeOf(new Error('x', { cause: { code: 'ENOENT' } })), EXIT.missing)
})

test('the page of the documentation is what the verbs say', async () => {
  const page = resolve(import.meta.dirname, '../../../docs/reference/cli.md')
  assert.ok(readFileSync(page, 'utf8') === (await cliPage()), 'run `npm run docs`')
})
