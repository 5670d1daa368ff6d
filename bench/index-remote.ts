/**
 * Indexes CARs where they lie, as `turnpike index` does.
 * @module
 */
import { catalogSink } from '@turnpike/node/add/catalog-sink'
import { ownerContext } from '@turnpike/node/add/session'
import { openFolder } from '@turnpike/node/folder/open'
import { nodeHasher } from '@turnpike/node/hasher'
import { findCars } from '@turnpike/node/index-url/find-cars'
import { indexCar } from '@turnpike/node/index-url/index-car'
import { openOrigins } from '@turnpike/node/origins/open'
import { nodeClock, nodeRandom } from '@turnpike/node/runtime'

/** Makes a data folder that knows the CARs at `urls`. */
export async function indexRemote(data: string, urls: readonly string[]): Promise<void> {
  const options = { clock: nodeClock, hasher: nodeHasher }
  const opened = await openFolder(data, options)
  if (opened.error) throw opened.error
  const origins = openOrigins({
    clock: nodeClock,
    stores: [],
    trusts: () => true,
    allowPrivate: true,
  })
  const { signal } = new AbortController()
  const sink = catalogSink(ownerContext(opened.ok, options))
  const deps = { reader: origins.reader, random: nodeRandom, hasher: nodeHasher, sink }
  try {
    for (const url of urls)
      for await (const car of findCars(origins, url, signal)) {
        if (car.error) throw car.error
        const indexed = await indexCar(deps, car.ok, { signal })
        if (indexed.error) throw indexed.error
      }
  } finally {
    origins.close()
    await opened.ok.close()
  }
}
