/**
 * `turnpike index`: serves CARs where they lie.
 * @module
 */
import { catalogSink } from '@turnpike/node/add/catalog-sink'
import { openToAdd, type OpenContext } from '@turnpike/node/add/context'
import { linkToString } from '@turnpike/core/link'
import { nodeHasher } from '@turnpike/node/hasher'
import { findCars } from '@turnpike/node/index-url/find-cars'
import { indexCar } from '@turnpike/node/index-url/index-car'
import type { IndexedCar } from '@turnpike/node/index-url/sink'
import { openOrigins, type OpenOrigins } from '@turnpike/node/origins/open'
import { nodeClock, nodeRandom } from '@turnpike/node/runtime'
import { EXIT } from '../exit.ts'
import { formatBytes, formatCount } from '../units.ts'
import type { Invocation, Verb } from '../verb.ts'

/** One CAR in the result. */
interface Indexed {
  readonly address: string
  readonly bytes: number
  readonly roots: readonly string[]
}

/** The verb. */
export const index: Verb = {
  name: 'index',
  summary: 'Serve CARs where they lie, without copying them.',
  operands: 'URL…',
  operandsMin: 1,
  operandsMax: 10_000,
  options: {},
  settings: ['data', 'origins', 'allowPrivateOrigins'],
  examples: [
    ['turnpike index https://example.com/data.car', 'Reads it once and checks every block.'],
    ['turnpike index ./cars', 'Every .car file under a folder; they must stay there.'],
    ['turnpike index s3://bucket/2026/', 'Every .car object under a prefix; see origins.'],
  ],
  async run(invocation) {
    const { args, loaded, output } = invocation
    const { data, origins: stores, allowPrivateOrigins } = loaded.settings
    const opened = await openToAdd(data)
    if (opened.error) throw opened.error
    // What the operator names on the command line is the operator's own.
    const origins = openOrigins({
      clock: nodeClock,
      stores,
      trusts: () => true,
      allowPrivate: allowPrivateOrigins,
    })
    try {
      const cars: Indexed[] = []
      for (const address of args)
        for await (const car of indexAll(invocation, { context: opened.ok, origins }, address)) {
          output.line(`${car.roots.join(' ')}  ${formatBytes(car.bytes)}  ${car.address}`)
          cars.push(car)
        }
      output.line(`Indexed ${formatCount(cars.length)} CARs.`)
      output.result({ cid: cars.at(-1)?.roots.at(-1), cars })
      return EXIT.ok
    } finally {
      origins.close()
      await opened.ok.close()
    }
  },
}

interface Parts {
  readonly context: OpenContext
  readonly origins: OpenOrigins
}

async function* indexAll(
  { output, signal }: Invocation,
  { context, origins }: Parts,
  address: string,
): AsyncGenerator<Indexed, void, void> {
  const sink = catalogSink(context)
  const deps = { reader: origins.reader, random: nodeRandom, hasher: nodeHasher, sink }
  for await (const found of findCars(origins, address, signal)) {
    if (found.error) throw found.error
    const bar = output.progressBar(found.ok.sizeBytes)
    const onProgress = (bytes: number): void => bar?.update(bytes)
    const read = await indexCar(deps, found.ok, { signal, onProgress }).finally(() => bar?.end())
    if (read.error) throw read.error
    yield shown(read.ok)
  }
}

/** A CAR for the result: its address without a query, which may hold a token. */
function shown({ site, sizeBytes, roots }: IndexedCar): Indexed {
  return {
    address: site.url.replace(/\?.*/s, ''),
    bytes: sizeBytes,
    roots: roots.map(linkToString),
  }
}
