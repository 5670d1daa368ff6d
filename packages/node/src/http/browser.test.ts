/**
 * What readers see: a real browser on sites of its own, served by subdomain and by name.
 *
 * `TURNPIKE_TEST_SCREENSHOTS` names a folder for pictures of the pages.
 * @module
 */
import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { callOwner } from '../control/client.ts'
import type { NamePublished } from '../names/operations.ts'
import { noBrowser, startBrowser } from '../testing/chromium.ts'
import { startDeployment, testFolder, type Deployment } from '../testing/deployment.ts'
import { webmOf, type WebmCluster } from '../testing/webm.ts'

const SITE = resolve(import.meta.dirname, '../../../../examples/site')
const PICTURES = process.env['TURNPIKE_TEST_SCREENSHOTS']
const GATEWAY = 'sites.example'
/** A DNS name with a DNSLink to the published name. */
const LINKED = 'road.example'
const skip = noBrowser

let browser: Browser
let deployment: Deployment
let folder: Awaited<ReturnType<typeof testFolder>>

if (!skip) {
  before(async () => {
    folder = await testFolder()
    browser = await startBrowser()
    deployment = await startDeployment(join(folder.path, 'data'), { subdomainHosts: [GATEWAY] })
    const nameMap = [{ host: LINKED, path: `/ipns/${await publishSite()}` }]
    await deployment.stop()
    const settings = { subdomainHosts: [GATEWAY], nameMap, dnsResolver: { kind: 'off' } as const }
    deployment = await startDeployment(deployment.data, settings)
  })

  after(async () => {
    await browser.close()
    await deployment.stop()
    await folder.remove()
    assert.deepEqual(deployment.crashes, [])
  })
}

/** A page in a profile of its own; what it could not load fails the test. */
async function newPage(t: TestContext): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 900, height: 700 } })
  const page = await context.newPage()
  const broken: string[] = []
  page.on('pageerror', (error) => broken.push(String(error)))
  page.on('response', (response) => {
    if (response.status() >= 400) broken.push(`${response.status()} ${response.url()}`)
  })
  t.after(async () => {
    await context.close()
    assert.deepEqual(broken, [])
  })
  return page
}

async function picture(page: Page, name: string): Promise<void> {
  if (PICTURES === undefined) return
  await mkdir(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
}

async function addFiles(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const source = await testFolder()
  try {
    for (const [name, content] of Object.entries(files))
      await writeFile(join(source.path, name), content)
    const { cid } = await deployment.add([source.path])
    return cid!
  } finally {
    await source.remove()
  }
}

/** Publishes the site under an IPNS name; the name. */
async function publishSite(): Promise<string> {
  const { cid } = await deployment.add([SITE])
  const params = { path: `/ipfs/${cid}`, key: 'road' }
  const published = await callOwner(deployment.data, 'namePublish', params)
  if (published.error) throw published.error
  return (published.ok as NamePublished).name
}

/** Authority of the gateway by one of its names. */
function at(name: string): string {
  return `http://${name}:${new URL(deployment.url).port}`
}

test('a site of many pages on its subdomain', { skip }, async (t) => {
  const { cid } = await deployment.add([SITE])
  const page = await newPage(t)
  await page.goto(`${at(GATEWAY)}/ipfs/${cid}`)
  assert.equal(page.url(), `${at(`${cid}.ipfs.${GATEWAY}`)}/`)
  assert.match((await page.textContent('h1')) ?? '', /Long Road/)
  const image = page.locator('img').first()
  assert.ok(await image.evaluate((one: HTMLImageElement) => one.naturalWidth > 0))
  await picture(page, 'subdomain')
  await page.click('a[href="about/"]')
  await page.waitForURL('**/about/')
  const styled = await page.evaluate(() => document.styleSheets[0]?.cssRules.length ?? 0)
  assert.ok(styled > 0, 'the style sheet is the one above')
  await page.goBack()
  assert.match((await page.textContent('h1')) ?? '', /Long Road/)
})

test('a site by its IPNS name, and by a DNS name of its own', { skip }, async (t) => {
  const name = await publishSite()
  const page = await newPage(t)
  await page.goto(`${at(GATEWAY)}/ipns/${name}/about/`)
  assert.equal(page.url(), `${at(`${name}.ipns.${GATEWAY}`)}/about/`)
  await picture(page, 'ipns')
  for (const site of [at(LINKED), at(`road-example.ipns.${GATEWAY}`)]) {
    await page.goto(`${site}/`)
    assert.match((await page.textContent('h1')) ?? '', /Long Road/)
    const [got] = await Promise.all([
      page.waitForResponse('**/notes/'),
      page.click('a[href="notes/"]'),
    ])
    assert.equal(got.url(), `${site}/notes/`)
    assert.match(got.headers()['cache-control'] ?? '', /max-age=\d+/)
    await picture(page, site === at(LINKED) ? 'dnslink' : 'inlined')
    const [first] = await page
      .locator('a')
      .evaluateAll((all: HTMLAnchorElement[]) =>
        all.map(({ href }) => href).filter((href) => /\/notes\/.+/.test(href)),
      )
    await page.goto(first!)
    assert.ok(page.url().startsWith(`${site}/notes/`), page.url())
  }
})

test('two roots are two origins', { skip }, async (t) => {
  const roots = [await addFiles({ 'index.html': '1' }), await addFiles({ 'index.html': '2' })]
  const page = await newPage(t)
  const kept = async (root: string): Promise<string | null> => {
    await page.goto(`${at(GATEWAY)}/ipfs/${root}/`)
    return page.evaluate(() => {
      const old = localStorage.getItem('kept')
      localStorage.setItem('kept', location.host)
      return old
    })
  }
  assert.equal(await kept(roots[0]!), null)
  assert.equal(await kept(roots[1]!), null, 'the other root kept nothing here')
  assert.match((await kept(roots[0]!)) ?? '', new RegExp(roots[0]!))
})

test('an application of one page, by its _redirects', { skip }, async (t) => {
  const script = `
    const show = () => (document.querySelector('main').textContent = 'at ' + location.pathname)
    document.querySelector('a').onclick = (event) => {
      event.preventDefault()
      history.pushState({}, '', event.target.href)
      show()
    }
    show()`
  const root = await addFiles({
    'index.html':
      '<!doctype html><main></main><a href="/deep/er">on</a><script src="/app.js"></script>',
    'app.js': script,
    _redirects: '/old/* /new/:splat 302\n/* /index.html 200\n',
  })
  const page = await newPage(t)
  const site = at(`${root}.ipfs.${GATEWAY}`)
  await page.goto(`${site}/some/place`)
  assert.equal(await page.textContent('main'), 'at /some/place')
  await page.click('a')
  assert.equal(await page.textContent('main'), 'at /deep/er')
  await page.reload()
  assert.equal(await page.textContent('main'), 'at /deep/er')
  await page.goto(`${site}/old/a?b=c`)
  assert.equal(page.url(), `${site}/new/a?b=c`)
  await picture(page, 'spa')
})

const SECONDS = 20
const FRAMES_A_SECOND = 5
const SIZE = 160
/** More than the browser reads ahead, between one second and the next. */
const FILL_BYTES = 1 << 20

test('a video that seeks by ranges', { skip }, async (t) => {
  const root = await addFiles({
    'index.html': '<!doctype html><video muted src="/v.webm"></video>',
    'v.webm': await makeVideo(t),
  })
  const page = await newPage(t)
  const ranges: string[] = []
  page.on('response', (response) => {
    const range = response.headers()['content-range']
    if (response.url().endsWith('.webm')) ranges.push(`${response.status()} ${range}`)
  })
  await page.goto(`${at(`${root}.ipfs.${GATEWAY}`)}/`)
  for (const second of [17, 4, 11]) {
    const colour = await page.evaluate(shownAt, second + 0.5)
    const wanted = colourOf(second)
    const off = Math.max(...wanted.map((value, i) => Math.abs(value - colour[i]!)))
    assert.ok(off < 40, `second ${second} expected ${String(wanted)}, got ${String(colour)}`)
    await picture(page, `video-${second}`)
  }
  assert.ok(ranges.length >= 2, `ranges expected, got ${ranges.join()}`)
  assert.ok(
    ranges.every((range) => /^206 bytes \d+-\d+\/\d+$/.test(range)),
    ranges.join(),
  )
  assert.ok(ranges.some((range) => Number(/bytes (\d+)/.exec(range)![1]) > 10 * FILL_BYTES))
})

/** A colour that tells its second from the others. */
function colourOf(second: number): [red: number, green: number, blue: number] {
  return [(second % 3) * 100 + 20, (second % 5) * 50 + 20, (second % 7) * 30 + 20]
}

/** Encodes the video in the browser, which has an encoder. That needs an origin it trusts. */
async function makeVideo(t: TestContext): Promise<Uint8Array> {
  const blank = await addFiles({ 'index.html': '<!doctype html>' })
  const page = await newPage(t)
  await page.goto(`${deployment.url}/ipfs/${blank}/`)
  const colours = Array.from({ length: SECONDS }, (_, second) => colourOf(second))
  const encoded = await page.evaluate(encode, { colours, size: SIZE, rate: FRAMES_A_SECOND })
  const clusters = encoded.map((frames, second): WebmCluster => ({
    timeMs: second * 1000,
    frames: frames.map(({ timeMs, base64 }) => ({ timeMs, bytes: Buffer.from(base64, 'base64') })),
  }))
  const durationMs = SECONDS * 1000
  return webmOf({
    codec: 'V_VP8',
    width: SIZE,
    height: SIZE,
    durationMs,
    clusters,
    fillBytes: FILL_BYTES,
  })
}

/** Runs in the browser: frames of each second, as base64. */
async function encode({
  colours,
  size,
  rate,
}: {
  colours: readonly (readonly number[])[]
  size: number
  rate: number
}): Promise<{ timeMs: number; base64: string }[][]> {
  const canvas = new OffscreenCanvas(size, size)
  const pen = canvas.getContext('2d')!
  const seconds: { timeMs: number; base64: string }[][] = colours.map(() => [])
  const encoder = new VideoEncoder({
    output(chunk) {
      const bytes = new Uint8Array(chunk.byteLength)
      chunk.copyTo(bytes)
      const timeMs = Math.round(chunk.timestamp / 1000)
      const base64 = btoa(String.fromCharCode(...bytes))
      seconds[Math.floor(timeMs / 1000)]!.push({ timeMs, base64 })
    },
    error(error) {
      throw error
    },
  })
  encoder.configure({ codec: 'vp8', width: size, height: size, bitrate: 200_000 })
  for (const [second, colour] of colours.entries())
    for (let i = 0; i < rate; i++) {
      pen.fillStyle = `rgb(${colour.join()})`
      pen.fillRect(0, 0, size, size)
      const timestamp = second * 1_000_000 + (i * 1_000_000) / rate
      const frame = new VideoFrame(canvas, { timestamp, duration: 1_000_000 / rate })
      encoder.encode(frame, { keyFrame: i === 0 })
      frame.close()
    }
  await encoder.flush()
  return seconds
}

/** Runs in the browser: the colour that the video shows at a time. */
async function shownAt(seconds: number): Promise<number[]> {
  const video = document.querySelector('video')!
  const seeked = new Promise((resolve_) =>
    video.addEventListener('seeked', resolve_, { once: true }),
  )
  if (video.readyState === 0)
    await new Promise((resolve_) =>
      video.addEventListener('loadedmetadata', resolve_, { once: true }),
    )
  video.currentTime = seconds
  await seeked
  const canvas = new OffscreenCanvas(1, 1)
  const pen = canvas.getContext('2d')!
  pen.drawImage(video, 0, 0, 1, 1)
  return [...pen.getImageData(0, 0, 1, 1).data.subarray(0, 3)]
}
