/** Errors and other answers without content, as clients see them. @module */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGateway } from './gateway.ts'
import { RequestError, STATUS_BY_ERROR, type ErrorName } from './errors.ts'
import { errorPage, errorText } from './format/error-page.ts'
import { COMMON_HEADERS, errorAnswer } from './plain-answer.ts'
import { prefersPage } from './accept.ts'
import { type Got, World, drain } from './testing/world.ts'

const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'

async function ask(
  world: World,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Got> {
  const request = {
    method,
    url: `http://gateway.example${path}`,
    headers: { get: (name: string) => headers[name] ?? null },
    signal: new AbortController().signal,
  }
  return drain(await createGateway(world.deps()).handle(request))
}

const textOf = ({ body }: Got): string => Buffer.from(body).toString()
const BAD = '/ipfs/QmInvalidCID'

test('a program reads an error as text, a browser as a page, with the same words', async () => {
  const world = new World()
  const words = 'invalid path "/ipfs/QmInvalidCID"'
  const text = await ask(world, BAD)
  assert.equal(text.status, 400)
  assert.equal(text.headers.get('content-type'), 'text/plain; charset=utf-8')
  const page = await ask(world, BAD, { accept: BROWSER })
  assert.equal(page.status, 400)
  assert.equal(page.headers.get('content-type'), 'text/html; charset=utf-8')
  for (const got of [text, page]) {
    assert.ok(textOf(got).includes(words))
    assert.ok(textOf(got).includes('Check the address'))
    assert.equal(got.headers.get('vary'), 'Accept')
    assert.equal(got.headers.get('cache-control'), 'no-store')
    assert.equal(got.headers.get('x-content-type-options'), 'nosniff')
    assert.equal(got.headers.get('content-length'), String(got.body.length))
    for (const name of ['etag', 'content-disposition', 'last-modified', 'accept-ranges'])
      assert.equal(got.headers.get(name), undefined)
    for (const [name] of COMMON_HEADERS) assert.ok(got.headers.has(name.toLowerCase()), name)
  }
  assert.ok(textOf(page).includes(page.headers.get('x-receipt-id')!))
  assert.equal(page.headers.get('referrer-policy'), 'no-referrer')
  assert.deepEqual(
    world.reads.map(({ flags }) => flags & 128),
    [0, 0],
    'nobody is billed',
  )
})

test('HEAD says of an error what GET would send', async () => {
  for (const accept of ['*/*', BROWSER]) {
    const got = await ask(new World(), BAD, { accept })
    const head = await ask(new World(), BAD, { accept }, 'HEAD')
    for (const name of ['content-type', 'content-length', 'cache-control', 'vary'])
      assert.equal(head.headers.get(name), got.headers.get(name), name)
  }
})

test('a page comes only to who would rather have one', () => {
  for (const accept of [BROWSER, 'text/html', 'text/plain;q=0.5, text/html'])
    assert.equal(prefersPage(accept), true, accept)
  for (const accept of [null, '', '*/*', 'text/*', 'text/html;q=0', 'text/plain, text/html;q=0.9'])
    assert.equal(prefersPage(accept), false, String(accept))
})

test('a page shows what a client sent as text, loads nothing and runs nothing', () => {
  const message = '<script src="https://evil.example">alert(1)</script> & "x"'
  const page = errorPage({ status: 404, message, receiptId: '<i>' })
  assert.doesNotMatch(page, /<script|<i>|<img|<link|@import|url\(/i)
  assert.match(page, /&lt;script src="https:\/\/evil\.example"&gt;.* &amp; "x"/)
  assert.match(page, /name="viewport" content="width=device-width/)
  assert.match(page, /prefers-color-scheme: dark/)
  assert.match(page, /<title>404 Not Found<\/title>/)
})

test('each error has a name on its page, and is to be tried again where that may help', () => {
  const request = { headers: new Headers({ accept: BROWSER }) }
  for (const [name, status] of Object.entries(STATUS_BY_ERROR)) {
    const answer = errorAnswer(new RequestError(name as ErrorName, 'm'), request, 'r')
    assert.equal(answer.status, status)
    assert.equal(answer.billable, false)
    const headers = new Map(answer.headers)
    assert.equal(headers.has('Retry-After'), [502, 503, 504, 507].includes(status), name)
    if (status !== 499)
      assert.doesNotMatch(errorPage({ status, message: '' }), /<title>\d+ Error/, name)
    assert.ok(errorText({ status, message: 'm' }).startsWith('m\n'))
  }
})

test('an error that may be kept says so once', () => {
  const headers = [['Cache-Control', 'public, max-age=60']] as const
  const error = new RequestError('ResponseTooLarge', 'm', { headers })
  const answer = errorAnswer(error, { headers: new Headers() }, 'r')
  const lines = answer.headers.filter(([name]) => name === 'Cache-Control')
  assert.deepEqual(lines, headers)
})

test('what was not foreseen says nothing of itself', () => {
  const answer = errorAnswer(new Error('secret of /etc'), { headers: new Headers() }, 'r')
  assert.equal(answer.status, 500)
  const chunk = answer.body.open(new AbortController().signal).read() as Uint8Array
  assert.doesNotMatch(Buffer.from(chunk).toString(), /secret/)
})

test('OPTIONS is answered for any path, with what browsers ask for before they ask', async () => {
  for (const path of ['/ipfs/bafkqaaa', '/ipfs/?uri=ipfs://bafkqaaa', '/nowhere', BAD]) {
    const got = await ask(new World(), path, {}, 'OPTIONS')
    assert.equal(got.status, 204)
    assert.equal(got.headers.get('allow'), 'GET, HEAD, OPTIONS')
    assert.equal(got.headers.get('access-control-max-age'), '86400')
    for (const [name] of COMMON_HEADERS) assert.ok(got.headers.has(name.toLowerCase()), name)
  }
})

test('a prefix of an old gateway is ignored', async () => {
  const plain = await ask(new World(), '/ipfs/bafkqaaa')
  const got = await ask(new World(), '/ipfs/bafkqaaa', { 'x-ipfs-gateway-prefix': '/evil' })
  assert.equal(got.status, 200)
  for (const map of [plain.headers, got.headers]) map.delete('x-receipt-id')
  assert.deepEqual(got.headers, plain.headers)
})
