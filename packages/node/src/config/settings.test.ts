import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import fc from 'fast-check'
import { SETTINGS_FILE_BYTES_MAX } from '@turnpike/core/limits'
import { describeSettings, settingsPage } from './describe.ts'
import { bytes, listOf, milliseconds, oneOf } from './kinds.ts'
import { loadSettings, type SettingInputs } from './load.ts'
import { nearest } from './nearest.ts'
import { SETTING_NAMES, SETTINGS, flagOf, variableOf } from './settings.ts'

const data = mkdtempSync(join(tmpdir(), 'turnpike-config-'))
after(() => rmSync(data, { recursive: true }))

/** Loads with `file` as turnpike.json. */
function load(inputs: Partial<SettingInputs>, file = '{}'): ReturnType<typeof loadSettings> {
  writeFileSync(join(data, 'turnpike.json'), file)
  return loadSettings({ env: {}, ...inputs, flags: { data, ...inputs.flags } })
}

function refusal(inputs: Partial<SettingInputs>, file?: string): string {
  const { error } = load(inputs, file)
  assert.equal(error?.name, 'SettingRefused')
  return error.message
}

test('a flag comes before a variable, that before the file, that before the default', () => {
  const file = '{"port": 3, "region": "file", "host": "::1"}'
  const env = { TURNPIKE_PORT: '2', TURNPIKE_REGION: 'env' }
  const { ok } = load({ flags: { port: '1' }, env }, file)
  assert.equal(ok!.settings.port, 1)
  assert.equal(ok!.settings.region, 'env')
  assert.equal(ok!.settings.host, '::1')
  assert.equal(ok!.settings.workers, 0)
  const { port, region, host, workers } = ok!.sources
  assert.deepEqual(
    [port, region, host, workers],
    ['--port', 'TURNPIKE_REGION', `${join(data, 'turnpike.json')}, "host"`, 'default'],
  )
})

test('the data folder may come from the environment, and its file is read', () => {
  writeFileSync(join(data, 'turnpike.json'), '{"port": 4}')
  const { ok } = loadSettings({ flags: {}, env: { TURNPIKE_DATA: data } })
  assert.equal(ok!.settings.port, 4)
})

test('a verb may have defaults of its own', () => {
  assert.equal(load({ defaults: { portSearch: true } }).ok!.settings.portSearch, true)
  assert.equal(
    load({ defaults: { portSearch: true }, env: { TURNPIKE_PORT_SEARCH: 'false' } }).ok!.settings
      .portSearch,
    false,
  )
})

test('what is unknown is refused with the place and what may have been meant', () => {
  assert.match(refusal({ env: { TURNPIKE_PROT: '1' } }), /TURNPIKE_PROT.*did you mean "TURNPIKE_PO/)
  assert.match(refusal({}, '{"prot": 1}'), /turnpike\.json: "prot".*did you mean "port"/)
  assert.match(refusal({}, '{"data": "x"}'), /"data" is not a setting of the/)
  assert.equal(load({ env: { TURNPIKE_FUZZ_RUNS: '9', HOME: '/' } }).error, undefined)
})

test('what is malformed is refused with what was expected and what came', () => {
  assert.match(
    refusal({ flags: { port: '65536' } }),
    /^--port: expected a whole number from 0 to 65535, got "65536"/,
  )
  assert.match(refusal({ env: { TURNPIKE_WORKERS: '-1' } }), /^TURNPIKE_WORKERS: .*got "-1"/)
  assert.match(refusal({}, '{"port": "8080"}'), /turnpike\.json, "port": .*got "8080"/)
  // Refused even where a flag would override it.
  assert.match(refusal({ flags: { port: '1' } }, '{"port": 1.5}'), /got 1\.5/)
  assert.match(refusal({}, '{'), /expected JSON/)
  assert.match(refusal({}, '[]'), /expected a JSON object/)
  assert.match(refusal({}, ' '.repeat(SETTINGS_FILE_BYTES_MAX + 1)), /expected at most/)
})

test('a secret is neither shown nor quoted when it is refused', () => {
  const token = 'correct-horse-battery'
  const stores = [
    {
      endpoint: 'https://s3.example',
      region: 'auto',
      buckets: ['cars'],
      accessKeyId: 'AKID',
      secretAccessKey: token,
    },
  ]
  const { ok } = load({ env: { TURNPIKE_ADMIN_TOKEN: token } }, JSON.stringify({ origins: stores }))
  assert.equal(ok!.settings.adminToken, token)
  assert.equal(ok!.settings.origins[0]!.credentials!.secretAccessKey, token)
  const shown = JSON.stringify(describeSettings(ok!))
  assert.ok(!shown.includes(token))
  assert.match(shown, /s3\.example/)
  const bad = refusal({ env: { TURNPIKE_ORIGINS: JSON.stringify([{ ...stores[0], more: 1 }]) } })
  assert.ok(!bad.includes(token), bad)
  assert.ok(!refusal({}, `{"adminToken": "${token}`).includes(token))
})

test('every value that is shown reads back as itself', () => {
  for (const name of SETTING_NAMES) {
    const { kind, default: value } = SETTINGS[name] as (typeof SETTINGS)['port']
    if (value !== undefined) assert.deepEqual(kind.fromText(kind.show(value)), value, name)
  }
})

test('numbers with units read as base units, within their bounds', () => {
  assert.equal(bytes(0, 2 ** 40).fromText('64MiB'), 64 * 2 ** 20)
  assert.equal(milliseconds(0, 1e9).fromText('5m'), 300_000)
  const kind = bytes(10, 1000)
  fc.assert(
    fc.property(fc.oneof(fc.nat(2000).map(String), fc.string()), (text) => {
      const value = kind.fromText(text)
      assert.ok(value === undefined || (value >= 10 && value <= 1000))
      if (/^\d+$/.test(text) && Number(text) >= 10 && Number(text) <= 1000)
        assert.equal(value, Number(text))
    }),
  )
})

test('lists are bounded and every part is checked', () => {
  const kind = listOf(oneOf('a', 'b'), 2)
  assert.deepEqual(kind.fromText('a, b'), ['a', 'b'])
  assert.equal(kind.fromText('a,c'), undefined)
  assert.equal(kind.fromText('a,b,a'), undefined)
  assert.equal(kind.fromJson('a'), undefined)
})

test('no text or JSON makes loading throw, and unknown words get no far-fetched hint', () => {
  fc.assert(
    fc.property(fc.json(), fc.string(), (file, text) => {
      const { error } = load({ env: { TURNPIKE_HOSTS: text.replaceAll('\0', '') } }, file)
      assert.ok(error === undefined || error.name === 'SettingRefused')
    }),
    { numRuns: 50 },
  )
  assert.equal(nearest('zzzzzzzz', ['port']), undefined)
  assert.equal(nearest('x'.repeat(10_000), ['port']), undefined)
})

test('names derive from one another', () => {
  assert.equal(flagOf('writeIdleTimeoutMs'), 'write-idle-timeout-ms')
  assert.equal(variableOf('portSearch'), 'TURNPIKE_PORT_SEARCH')
})

test('the page of the documentation is what the table says', () => {
  const page = resolve(import.meta.dirname, '../../../../docs/operating/settings.md')
  assert.ok(readFileSync(page, 'utf8') === settingsPage(), 'run `npm run docs`')
})

test('names are mapped by the variable of other gateways, too, unless by ours', () => {
  const mapped = (env: Record<string, string>): unknown => {
    const loaded = loadSettings({ flags: {}, env })
    return loaded.ok === undefined
      ? loaded.error.message
      : [loaded.ok.settings.nameMap, loaded.ok.sources.nameMap]
  }
  const path = '/ipfs/bafkqaaa'
  const shared = { IPFS_NS_MAP: `a.example:${path},b.example:/ipns/a.example/x` }
  assert.deepEqual(mapped(shared), [
    [
      { host: 'a.example', path },
      { host: 'b.example', path: '/ipns/a.example/x' },
    ],
    'IPFS_NS_MAP',
  ])
  const ours = { ...shared, TURNPIKE_NAME_MAP: `c.example=${path}` }
  assert.deepEqual(mapped(ours), [[{ host: 'c.example', path }], 'TURNPIKE_NAME_MAP'])
  assert.match(String(mapped({ IPFS_NS_MAP: 'a.example' })), /^IPFS_NS_MAP: expected .*got "a.ex/)
})
