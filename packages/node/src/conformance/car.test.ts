import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FixtureCar, absent } from './fixtures.ts'
import { deploymentOf, send } from './rig.ts'

test('tags of CARs differ where the bytes do', { skip: absent }, async (t) => {
  const mixed = new FixtureCar('trustless_gateway_car/subdir-with-mixed-block-files.car')
  const deployment = await deploymentOf(t, [mixed.path])
  const tagOf = async (path: string, query: string): Promise<string> => {
    const target = `/ipfs/${mixed.root}${path}?format=car${query}`
    const { headers } = await send(deployment.url, { method: 'HEAD', path: target })
    return headers['etag'] as string
  }
  const paths = ['', '/subdir', '/subdir/multiblock.txt']
  const queries = ['', '&dag-scope=entity', '&dag-scope=block', '&car-dups=y', '&entity-bytes=0:1']
  const tags = await Promise.all(paths.flatMap((path) => queries.map((q) => tagOf(path, q))))
  assert.equal(new Set(tags).size, tags.length)
  assert.equal(await tagOf('', ''), await tagOf('', '&dag-scope=all&car-order=dfs&x=y'))
})
