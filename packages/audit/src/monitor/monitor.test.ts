import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { encodeBase64 } from '../base64.ts'
import { checkMisbehaviour } from '../check-misbehaviour.ts'
import { nodeCrypto } from '../node-crypto.ts'
import { formatNote, parseCheckpoint } from '../note.ts'
import { isConsistent, isIncluded } from '../proof.ts'
import { consistencyOf, inclusionOf, rootOf } from '../testing/tree.ts'
import { openWitness } from '../witness/folder.ts'
import { startWitness, type RunningWitness } from '../witness/server.ts'
import { TestLog } from '../witness/testing/log.ts'
import { EPOCHS_FIRST_MAX, findEpochs, signedRoot } from './epochs.ts'
import { openMonitor, type Look, type Monitor, type MonitorOptions } from './monitor.ts'
import { httpFiles } from './source.ts'
import { rootFile, TestGateway, type TestEpoch } from './testing/gateway.ts'
import { Tiles } from './tiles.ts'

const NOW_EPOCH = 490_100
/** Bytes from one that is changed to the next. */
const STEP = Number(process.env['TURNPIKE_MONITOR_STEP'] ?? 89)

interface Rig {
  readonly log: TestLog
  readonly gateway: TestGateway
  readonly directory: string
  monitor(more?: Partial<MonitorOptions>): Promise<Monitor>
}

async function rig(t: TestContext, entries: number): Promise<Rig> {
  const log = new TestLog('gateway.example/log').grow(entries)
  const gateway = await TestGateway.start(log)
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-monitor-'))
  t.after(async () => {
    await gateway.close()
    await rm(directory, { recursive: true })
  })
  const options: MonitorOptions = {
    url: gateway.url,
    statePath: join(directory, 'state.json'),
    vkey: log.vkey,
    witnesses: [],
    quorum: undefined,
    contract: undefined,
    rpcs: [],
    signal: new AbortController().signal,
  }
  return { log, gateway, directory, monitor: (more) => openMonitor({ ...options, ...more }) }
}

/** Epochs of so many entries each, an hour each, the last of them just over. */
function epochsOf(count: number, entries: number): TestEpoch[] {
  return Array.from({ length: count }, (_, i) => {
    const epoch = NOW_EPOCH - count + i
    const previousEpoch = i === 0 ? null : epoch - 1
    return { epoch, previousEpoch, first: i * entries, end: (i + 1) * entries }
  })
}

/** A witness that has cosigned what it was shown. */
async function witnessOf(t: TestContext, log: TestLog, name = 'w1'): Promise<RunningWitness> {
  const directory = await mkdtemp(join(tmpdir(), 'turnpike-witness-'))
  const deps = await openWitness({ directory, name, logs: [log.vkey], nowMs: Date.now })
  const running = await startWitness(deps, { host: '127.0.0.1', port: 0 })
  t.after(async () => {
    await running.close()
    await rm(directory, { recursive: true })
  })
  return running
}

async function cosign(
  { url }: RunningWitness,
  log: TestLog,
  oldSize: number,
  size: number,
): Promise<string> {
  const body = Buffer.from(log.request(oldSize, size))
  const response = await fetch(`${url}/add-checkpoint`, { method: 'POST', body })
  assert.equal(response.status, 200)
  return (await response.text()).trimEnd()
}

const rulesOf = ({ findings }: Look): string[] => findings.map(({ rule }) => rule)

/** The rules of the proofs that a look left, each of which holds by itself. */
async function proven({ proofs }: Look): Promise<string[]> {
  const checked = proofs.map(async (path) => {
    const { holds, rule, says } = checkMisbehaviour(await readFile(path, 'utf8'), nodeCrypto)
    assert.ok(holds, says)
    return rule
  })
  return Promise.all(checked)
}

test('proofs from public tiles are those of the tree', async (t) => {
  const { log, gateway } = await rig(t, 700)
  const files = httpFiles(`${gateway.url}/receipts`, new AbortController().signal)
  for (const size of [1, 2, 255, 256, 257, 513, 700]) {
    const tiles = new Tiles(files, size, nodeCrypto)
    const leaves = log.leaves.slice(0, size)
    const head = { size, root: rootOf(leaves) }
    assert.deepEqual(await tiles.root(size), head.root)
    for (let at = 0; at < size; at += 37) {
      const inclusion = await tiles.inclusion(at)
      assert.deepEqual(inclusion, inclusionOf(at, leaves))
      assert.deepEqual(await tiles.leaf(at), leaves[at])
      assert.ok(isIncluded({ index: at, leaf: leaves[at]! }, head, inclusion, nodeCrypto))
      const consistency = await tiles.consistency(at)
      assert.deepEqual(consistency, consistencyOf(at, leaves))
      const before = { size: at, root: await tiles.root(at) }
      assert.ok(isConsistent(before, head, consistency, nodeCrypto))
    }
  }
})

test('a log that grows is followed, from one process to the next', async (t) => {
  const { log, gateway, directory, monitor } = await rig(t, 300)
  for (const size of [100, 100, 256, 300]) {
    gateway.size = size
    const round = await (await monitor()).look()
    assert.deepEqual(rulesOf(round), [])
    assert.equal(round.head.size, size)
  }
  const state = JSON.parse(await readFile(join(directory, 'state.json'), 'utf8'))
  assert.equal(state.checkpoint, formatNote(log.checkpoint(300)))
})

test('a fork is found, and proven by what the log signed', async (t) => {
  for (const [seen, forkAt, size, rule] of [
    [300, 200, 300, 'split-view'],
    [300, 299, 400, 'fork'],
    [256, 0, 400, 'fork'],
  ] as const) {
    const { log, gateway, monitor } = await rig(t, 400)
    gateway.size = seen
    const one = await monitor()
    assert.deepEqual(rulesOf(await one.look()), [])
    gateway.log = log.forkAt(forkAt)
    gateway.size = size
    const round = await one.look()
    assert.deepEqual(rulesOf(round), [rule])
    assert.deepEqual(await proven(round), [rule])
    // It is not forgotten, and the proof is kept once.
    assert.deepEqual((await (await monitor()).look()).proofs, round.proofs)
    gateway.log = log
    assert.deepEqual(rulesOf(await one.look()), [])
  }
})

test('a proof that says otherwise accuses nobody', async (t) => {
  const { log, gateway, monitor } = await rig(t, 400)
  gateway.size = 300
  const one = await monitor()
  await one.look()
  gateway.log = log.forkAt(100)
  gateway.size = 400
  const [path] = (await one.look()).proofs
  const proof = JSON.parse(await readFile(path!, 'utf8'))
  const { evidence } = proof
  const [older, newer] = evidence.checkpoints
  const honest = formatNote(log.checkpoint(400))
  for (const changed of [
    { checkpoints: [older, honest] },
    { checkpoints: [newer, older] },
    { root: encodeBase64(parseCheckpoint(older).root) },
    { proof: evidence.proof.slice(1) },
    { key: new TestLog('gateway.example/log').vkey },
  ]) {
    const text = JSON.stringify({ ...proof, evidence: { ...evidence, ...changed } })
    assert.equal(checkMisbehaviour(text, nodeCrypto).holds, false, JSON.stringify(changed))
  }
})

test('a log that is shorter than before, or whose tiles are others, is found', async (t) => {
  const { log, gateway, monitor } = await rig(t, 400)
  const one = await monitor()
  await one.look()
  gateway.size = 300
  assert.deepEqual(rulesOf(await one.look()), ['behind'])
  log.grow(100)
  gateway.size = 500
  const other = Buffer.alloc(8192, 7).toString('latin1')
  gateway.instead.set('tile/0/001.p/244', other)
  assert.deepEqual(rulesOf(await one.look()), ['tiles'])
  gateway.instead.set('tile/0/001.p/244', undefined)
  await assert.rejects(one.look(), { name: 'SourceFailed' })
  gateway.instead.delete('tile/0/001.p/244')
  assert.deepEqual(rulesOf(await one.look()), [])
})

test('epochs are found by their hours and by what follows them, gaps included', async (t) => {
  const { gateway, monitor } = await rig(t, 400)
  const [a, b, c, d] = epochsOf(4, 100) as [TestEpoch, TestEpoch, TestEpoch, TestEpoch]
  gateway.size = 250
  gateway.root(a)
  const one = await monitor()
  assert.deepEqual(
    (await one.look()).epochs.map(({ epoch }) => epoch),
    [a.epoch],
  )
  gateway.size = 400
  for (const epoch of [b, c, d]) gateway.root(epoch)
  const local = { anchor: 'local', proof: { kind: 'local' } }
  for (const epoch of [a, b]) gateway.anchors('final', epoch, [local])
  gateway.anchors('anchor', c, [{ anchor: 'evm', state: 'sent', proof: null }])
  const states = ({ epochs }: Look): unknown[] =>
    epochs.map(({ epoch, standing }) => [epoch, standing.state])
  const round = await one.look()
  assert.deepEqual(rulesOf(round), [])
  const expected = [
    [a.epoch, 'final'],
    [b.epoch, 'final'],
    [c.epoch, 'sent'],
    [d.epoch, 'batched'],
  ]
  assert.deepEqual(states(round), expected)
  assert.deepEqual(states(await one.look()), expected.slice(2), 'what is final is not asked again')
})

test('an epoch that is not what the log is is found, whatever of it', async (t) => {
  const [a, b] = epochsOf(2, 100) as [TestEpoch, TestEpoch]
  const hash = Buffer.alloc(32, 7).toString('base64')
  for (const [more, rules, proofs] of [
    [{ root: hash }, ['epoch'], ['root']],
    [{ sealLeaf: hash }, ['epoch'], []],
    [{ previousRoot: hash }, ['epoch'], []],
    [{ previousEpoch: a.epoch - 1 }, ['epoch'], []],
    [{ previousEpoch: b.epoch }, ['epoch'], []],
    [{ first: 99 }, ['epoch'], []],
    [{ origin: 'another' }, ['file'], []],
    [{ checkpoint: 'none' }, ['file'], []],
  ] as const) {
    const { gateway, monitor } = await rig(t, 200)
    gateway.root(a)
    const one = await monitor()
    await one.look()
    gateway.root(b, more)
    const round = await one.look()
    assert.deepEqual(rulesOf(round), rules, JSON.stringify(more))
    assert.deepEqual(await proven(round), proofs)
  }
})

test('an epoch of another history is a fork, and two files of one epoch are a proof', async (t) => {
  const { log, gateway, monitor } = await rig(t, 200)
  const [a, b] = epochsOf(2, 100) as [TestEpoch, TestEpoch]
  gateway.root(a)
  const one = await monitor()
  await one.look()
  const fork = log.forkAt(50)
  gateway.instead.set(`epochs/${b.epoch}.root`, rootFile(fork, b))
  const round = await one.look()
  assert.ok(rulesOf(round).includes('split-view'))
  assert.deepEqual(await proven(round), ['split-view'])
  gateway.instead.delete(`epochs/${b.epoch}.root`)
  gateway.instead.set(`epochs/${a.epoch}.root`, rootFile(fork, a))
  assert.deepEqual(await proven(await one.look()), ['epoch'])
  gateway.instead.delete(`epochs/${a.epoch}.root`)
  assert.deepEqual(rulesOf(await one.look()), ['file'])
})

test('witnesses are asked what they have seen, which shows a log with two faces', async (t) => {
  const { log, gateway, monitor } = await rig(t, 400)
  const witness = await witnessOf(t, log)
  const witnesses = [`${witness.key}=${witness.url}`]
  const fork = log.forkAt(100)
  const one = await monitor({ witnesses })
  assert.match((await one.look()).unheard.join(), /has not seen the log/)
  await cosign(witness, fork, 0, 300)
  const round = await one.look()
  assert.deepEqual(rulesOf(round), ['fork'])
  assert.deepEqual(await proven(round), ['fork'])
  const honest = await witnessOf(t, log, 'w2')
  await cosign(honest, log, 0, 350)
  const two = await monitor({ witnesses: [`${honest.key}=${honest.url}`] })
  assert.deepEqual(rulesOf(await two.look()), [])
  gateway.size = 320
  assert.deepEqual(rulesOf(await two.look()), ['behind', 'behind'])
  await honest.close()
  gateway.size = 400
  const last = await two.look()
  assert.deepEqual(rulesOf(last), [])
  assert.match(last.unheard.join(), /w2/)
})

test('cosignatures count by a quorum of the witnesses that are named', async (t) => {
  const { log, gateway, directory, monitor } = await rig(t, 200)
  const [a, b] = epochsOf(2, 100) as [TestEpoch, TestEpoch]
  const all = [await witnessOf(t, log, 'w1'), await witnessOf(t, log, 'w2')]
  const cosignatures = await Promise.all(all.map((one) => cosign(one, log, 0, 100)))
  gateway.root(a)
  const anchored = (epoch: TestEpoch, proof: object): void =>
    gateway.anchors('final', epoch, [{ anchor: 'witness', proof: { kind: 'witness', ...proof } }])
  anchored(a, { cosignatures })
  const witnesses = all.map(({ key }) => key)
  const look = async (): Promise<Look> => (await monitor({ witnesses, quorum: 2 })).look()
  assert.deepEqual(rulesOf(await look()), [])
  // An epoch may be shown by a later checkpoint.
  gateway.root(b)
  const later = await Promise.all(all.map((one) => cosign(one, log, 100, 180)))
  const leaves = log.leaves.slice(0, 180)
  const checkpoint = `${formatNote(log.checkpoint(180))}${later.join('\n')}\n`
  gateway.root({ ...b, end: 150 })
  const consistency = consistencyOf(150, leaves).map(encodeBase64)
  anchored({ ...b, end: 150 }, { cosignatures: [], checkpoint, consistency })
  assert.deepEqual(rulesOf(await look()), [])
  for (const [i, proof] of [
    { cosignatures: [], checkpoint: checkpoint.replace(later[1]!, later[0]!), consistency },
    { cosignatures, checkpoint: formatNote(log.checkpoint(180)), consistency },
    { cosignatures: [], checkpoint, consistency: consistency.slice(1) },
    { cosignatures: [], checkpoint: checkpoint.replace('180', '181'), consistency },
    { cosignatures: later },
    { cosignatures: [1] },
    {},
  ].entries()) {
    anchored({ ...b, end: 150 }, proof)
    const statePath = join(directory, `${i}.json`)
    const round = await (await monitor({ witnesses, quorum: 2, statePath })).look()
    assert.equal(rulesOf(round).length, 1, `proof ${i}`)
  }
})

test('an hour must be with those whose word counts, also when they came later', async (t) => {
  const { log, gateway, monitor } = await rig(t, 100)
  const [a] = epochsOf(1, 100) as [TestEpoch]
  const witness = await witnessOf(t, log)
  gateway.root(a)
  gateway.anchors('final', a, [{ anchor: 'local', proof: { kind: 'local' } }])
  const look = async (): Promise<Look> => (await monitor({ witnesses: [witness.key] })).look()
  assert.match((await look()).findings[0]!.message, /witness expected to hold it/)
  const proof = { kind: 'witness', cosignatures: [await cosign(witness, log, 0, 100)] }
  const standing = { anchor: 'witness', state: 'final', proof }
  gateway.anchors('anchor', a, [{ ...standing, state: 'sent', proof: null }])
  assert.deepEqual((await look()).findings, [])
  gateway.anchors('anchor', a, [standing])
  const { findings, epochs } = await look()
  assert.deepEqual(findings, [])
  assert.deepEqual(epochs[0]?.standing.anchors, ['local', 'witness'])
})

test('what it remembers must be of the log, and whole', async (t) => {
  const { log, gateway, directory, monitor } = await rig(t, 50)
  gateway.root({ epoch: NOW_EPOCH, previousEpoch: null, first: 0, end: 50 })
  await (await monitor()).look()
  const path = join(directory, 'state.json')
  const text = await readFile(path, 'utf8')
  const other = new TestLog('gateway.example/log')
  await assert.rejects(monitor({ vkey: other.vkey }), { name: 'MonitorRefused' })
  for (const changed of [
    '',
    '{}',
    text.replace('\\n50\\n', '\\n49\\n'),
    text.replace('"open": [', '"open": ["x",'),
    text.replace(/"newest": "[^"]/, '"newest": "'),
  ]) {
    await writeFile(path, changed)
    await assert.rejects(monitor(), { name: 'MonitorRefused' }, changed.slice(0, 60))
  }
  await rm(path)
  // Without a key it keeps the first that it is shown.
  const trusting = await monitor({ vkey: undefined })
  assert.equal(trusting.isPinned, false)
  await trusting.look()
  gateway.log = other.grow(50)
  await assert.rejects(
    monitor({ vkey: undefined }).then((one) => one.look()),
    {
      name: 'SourceFailed',
    },
  )
  assert.deepEqual(await readdir(directory), ['state.json'])
  assert.ok((await readFile(path, 'utf8')).includes(log.vkey))
  for (const wrong of [
    { witnesses: ['w1'] },
    { witnesses: [log.vkey] },
    { quorum: 1 },
    { contract: '0x00' },
    { rpcs: ['http://127.0.0.1:9'] },
    { vkey: 'x' },
  ])
    await assert.rejects(monitor(wrong), { name: 'MonitorRefused' })
})

test('any byte that is changed in a published file is found', async (t) => {
  const { log, gateway, directory, monitor } = await rig(t, 300)
  const [a, b] = epochsOf(2, 100) as [TestEpoch, TestEpoch]
  const witness = await witnessOf(t, log)
  const cosignatures = [await cosign(witness, log, 0, 200)]
  gateway.root(a)
  gateway.root(b)
  const anchors = [{ anchor: 'witness', proof: { kind: 'witness', cosignatures } }]
  gateway.anchors('final', b, anchors)
  gateway.anchors('anchor', a, [{ anchor: 'evm', state: 'sent', proof: null }])
  const options = { witnesses: [witness.key] }
  const tile = await fetch(`${gateway.url}/receipts/tile/0/001.p/44`)
  const files = [...gateway.instead, ['checkpoint', formatNote(log.checkpoint())]] as const
  gateway.asked.splice(0)
  const good = await (await monitor(options)).look()
  assert.deepEqual([rulesOf(good), good.epochs.length], [[], 2])
  let at = 0
  for (const [path, text] of [...files, ['tile/0/001.p/44', await tile.bytes()]] as const) {
    const bytes = Buffer.from(text!)
    assert.ok(
      gateway.asked.some((one) => one === path || one.endsWith('newest.root')),
      path,
    )
    for (at %= STEP; at < bytes.length; at += STEP) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      gateway.instead.set(path, changed)
      const statePath = join(directory, 'other.json')
      const fresh = await monitor({ ...options, statePath })
      const found = await fresh.look().then(rulesOf, (error: Error) => [error.name])
      assert.equal(found.length > 0, true, `${path}, byte ${at}`)
      await rm(statePath, { force: true })
    }
    gateway.instead.set(path, text)
    if (path === 'checkpoint') gateway.instead.delete(path)
  }
})

test('a file that is not the epoch that it has the name of, or gone, is found', async (t) => {
  const { gateway, monitor } = await rig(t, 300)
  const [a, b, c] = epochsOf(3, 100) as [TestEpoch, TestEpoch, TestEpoch]
  gateway.root(a)
  const one = await monitor()
  await one.look()
  gateway.root(b, { epoch: 7 })
  gateway.root(c)
  assert.deepEqual(rulesOf(await one.look()), ['file', 'epoch'])
  gateway.instead.set(`epochs/${b.epoch}.root`, undefined)
  assert.deepEqual(rulesOf(await one.look()), ['file', 'epoch'])
  gateway.root(b)
  gateway.root(c)
  assert.deepEqual(rulesOf(await one.look()), [])
})

test('it begins with a bounded number of epochs, the newest', async () => {
  const count = EPOCHS_FIRST_MAX + 2
  const log = new TestLog('gateway.example/log').grow(1)
  const epoch = { previousEpoch: null, first: 0, end: 1 }
  const all = Array.from({ length: count }, (_, i) =>
    rootFile(log, { ...epoch, epoch: i, previousEpoch: i === 0 ? null : i - 1 }),
  )
  const get = async (path: string): Promise<Uint8Array> =>
    Buffer.from(all[path === 'epochs/newest.root' ? count - 1 : Number.parseInt(path.slice(7))]!)
  const monitored = { key: log.key, crypto: nodeCrypto }
  const { roots } = await findEpochs({ get }, undefined, monitored)
  assert.equal(roots.length, EPOCHS_FIRST_MAX)
  assert.equal(roots[0]!.root.epoch, 2)
  const since = await findEpochs({ get }, signedRoot(all[0]!, monitored), monitored)
  assert.equal(since.roots.length, count - 1)
})
