import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { blobReaderContract, type BlobAt } from '@turnpike/core/contract/blob-reader'
import { readersFor } from '@turnpike/core/origin/readers-for'
import { startTestOrigin } from '../testing/origin.ts'
import { startTestS3 } from '../testing/s3.ts'
import { FileRangeReader } from './file-reader.ts'
import { HttpRangeReader } from './http-reader.ts'
import { S3RangeReader } from './s3-reader.ts'
import { HttpTransport } from './transport.ts'

function at(url: string, size: number): BlobAt {
  const site = { url, provider: '' }
  return { blob: { multihash: undefined, key: url, size, sites: [site] }, site }
}

describe('HttpRangeReader', () => {
  blobReaderContract(test, async (content) => {
    const origin = await startTestOrigin()
    origin.put('/held', content)
    const transport = new HttpTransport({ allowPrivate: true })
    return {
      reader: new HttpRangeReader(transport),
      held: at(`${origin.url}/held`, content.length),
      missing: at(`${origin.url}/missing`, content.length),
      async close() {
        transport.close()
        await origin.close()
      },
    }
  })
})

describe('S3RangeReader', () => {
  blobReaderContract(test, async (content) => {
    const keys = { accessKeyId: 'key', secretAccessKey: 'secret', region: 'auto' }
    const s3 = await startTestS3({ keys })
    s3.put('cars', 'held', content)
    const transport = new HttpTransport({ allowPrivate: true })
    const settings = { endpoint: s3.url, region: 'auto', credentials: keys, buckets: ['cars'] }
    const clock = { nowMs: Date.now, monotonicMs: () => 0 }
    return {
      reader: new S3RangeReader({ settings, transport, clock }),
      held: at('s3://cars/held', content.length),
      missing: at('s3://cars/missing', content.length),
      async close() {
        transport.close()
        await s3.close()
      },
    }
  })
})

describe('FileRangeReader, behind readersFor', () => {
  blobReaderContract(test, async (content) => {
    const folder = await mkdtemp(join(tmpdir(), 'turnpike-files-'))
    await writeFile(join(folder, 'held'), content)
    const root = `${pathToFileURL(folder).href}/`
    const files = new FileRangeReader((url) => url.href.startsWith(root))
    return {
      reader: readersFor([files]),
      held: at(`${root}held`, content.length),
      missing: at(`${root}missing`, content.length),
      async close() {
        files.close()
        await rm(folder, { recursive: true })
      },
    }
  })
})
