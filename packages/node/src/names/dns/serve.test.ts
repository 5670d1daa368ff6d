import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { send, type Got } from '@turnpike/gateway/testing/conformance/table'
import { startDeployment, testFolder } from '../../testing/deployment.ts'
import { code, startTestDns, texts } from '../../testing/dns.ts'

const SITE = 'site.example.org'

test('a gateway follows DNSLinks of real DNS, with their TTLs and their changes', async (t) => {
  const dns = await startTestDns()
  const folder = await testFolder()
  const resolver = { kind: 'servers', servers: [dns.server] } as const
  const deployment = await startDeployment(join(folder.path, 'data'), { dnsResolver: resolver })
  t.after(async () => {
    await deployment.stop()
    dns.close()
    await folder.remove()
  })
  /** Adds a file and gives its CID. */
  const add = async (name: string): Promise<string> => {
    await writeFile(join(folder.path, name), name)
    const { roots } = await deployment.add([join(folder.path, name)], { wrap: false })
    return roots[0]!.cid
  }
  const get = async (host: string, path: string): Promise<Got & { text: string }> => {
    const got = await send(deployment.url, { path, headers: { host } })
    return { ...got, text: new TextDecoder().decode(got.body) }
  }
  const [first, second] = [await add('first'), await add('second')]

  await t.test('a site is served for the TTL of its record, then as it says anew', async () => {
    dns.zone.set(`_dnslink.${SITE}`, texts(2, `dnslink=/ipfs/${first}`))
    const before = await get(SITE, '/')
    assert.deepEqual([before.status, before.text], [200, 'first'])
    assert.match(String(before.headers['cache-control']), /^public, max-age=[12]$/)
    dns.zone.set(`_dnslink.${SITE}`, texts(300, `dnslink=/ipfs/${second}`))
    assert.equal((await get(`${SITE}:8080`, '/')).text, 'first')
    await pause(2_050)
    const after = await get('127.0.0.1', `/ipns/${SITE}`)
    assert.deepEqual([after.status, after.text], [200, 'second'])
    assert.match(String(after.headers['cache-control']), /^public, max-age=(?:299|300)$/)
    assert.equal((await get(SITE, '/')).text, 'second')
  })

  await t.test('a link to another name is followed', async () => {
    dns.zone.set('_dnslink.alias.example.org', texts(60, `dnslink=/ipns/${SITE}`))
    const { text, headers } = await get('alias.example.org', '/')
    assert.equal(text, 'second')
    assert.match(String(headers['cache-control']), /^public, max-age=(?:59|60)$/)
  })

  await t.test('a host without a link is asked for once, and is a path gateway', async () => {
    const asked = dns.queries.length
    for (let i = 0; i < 3; i++)
      assert.equal((await get('none.example.org', `/ipfs/${first}`)).text, 'first')
    assert.equal(dns.queries.length - asked, 2)
    assert.equal((await get('none.example.org', '/')).status, 404)
    assert.equal((await get('127.0.0.1', '/ipns/none.example.org')).status, 404)
    assert.equal(dns.queries.length - asked, 2)
  })

  await t.test('a DNS that fails is 504, a record that makes no sense 502', async () => {
    dns.zone.set('_dnslink.broken.example.org', code(2))
    assert.equal((await get('127.0.0.1', '/ipns/broken.example.org')).status, 504)
    dns.zone.set('_dnslink.bad.example.org', texts(60, 'dnslink=/ipfs/nonsense'))
    assert.equal((await get('127.0.0.1', '/ipns/bad.example.org')).status, 502)
    assert.equal((await get('broken.example.org', '/')).status, 504)
    const bad = await get('bad.example.org', '/')
    assert.equal(bad.status, 502)
    assert.match(bad.text, /dnslink=\/ipfs\/<cid>/)
  })

  await t.test('hosts that can have no link cost no query', async () => {
    const asked = dns.queries.length
    for (const host of ['localhost', '127.0.0.1:80', 'gateway', 'x.localhost'])
      assert.equal((await get(host, `/ipfs/${first}`)).status, 200, host)
    assert.equal(dns.queries.length, asked)
  })
  assert.deepEqual(deployment.crashes, [])
})
