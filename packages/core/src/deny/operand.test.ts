import assert from 'node:assert/strict'
import { hash } from 'node:crypto'
import { test } from 'node:test'
import type { Hasher } from '../ports/runtime.ts'
import { denyRuleKey, denyRuleText } from './operand.ts'
import { parseDenyRule } from './rule.ts'

const hasher: Hasher = {
  sha256: (bytes) => hash('sha256', bytes, 'buffer'),
  digest: () => undefined,
}
const V0 = 'QmdWFA9FL52hx3j9EJZPQP1ZUH8Ygi5tLCX2cRDs6knSf8'
const V1 = 'bafybeihvvulpp4evxj7x7armbqcyg6uezzuig6jp3lktpbovlqfkuqeuoq'
const KEY = 'k51qzi5uqu5dhmzyv3zac033i7rl9hkgczxyl81lwoukda2htteop7d3x0y1mf'
const PEER = '12D3KooWDkNqEJNmreF3NYYFK1ws7Ra2fuW6cHBTu567SPV3LdYA'

test('what operators name becomes a rule', () => {
  for (const [operand, rule] of [
    [V0, `/ipfs/${V0}`],
    [` ${V1}\n`, `/ipfs/${V1}`],
    [KEY, `/ipns/${KEY}`],
    [PEER, `/ipns/${PEER}`],
    ['example.org', '/ipns/example.org'],
    [`/ipfs/${V1}/a b*`, `/ipfs/${V1}/a%20b*`],
    [`!/ipfs/${V1}`, `!/ipfs/${V1}`],
    [`ipfs://${V1}/a?x#y`, `/ipfs/${V1}/a`],
    ['IPNS://example.org', '/ipns/example.org'],
    [`https://any.gateway:8080/ipfs/${V0}/a%2Fb?download=true#x`, `/ipfs/${V0}/a%2Fb`],
    [`http://${V1}.ipfs.any.gateway/a`, `/ipfs/${V1}/a`],
    [`http://${KEY}.ipns.localhost:8080`, `/ipns/${KEY}`],
  ] as const) {
    assert.equal(denyRuleText(operand), rule)
    assert.equal(parseDenyRule(denyRuleText(operand)).error, undefined, rule)
  }
})

test('what names nothing is no rule', () => {
  for (const operand of ['', 'nonsense', 'https://example.org/page', '/etc/passwd', 'ipfs:', '//x'])
    assert.equal(parseDenyRule(denyRuleText(operand)).error?.name, 'DenyRuleInvalid', operand)
})

test('two rules about the same have one key, whatever they say', () => {
  const keyOf = (text: string): string =>
    Buffer.from(denyRuleKey(parseDenyRule(text).ok!, hasher)).toString('hex')
  const same = [`/ipfs/${V1}/a`, `!/ipfs/${V1}/a/`, `/ipfs/${V1}/%61 gateway_status=451`]
  assert.equal(new Set(same.map(keyOf)).size, 1)
  const others = [`/ipfs/${V1}`, `/ipfs/${V1}/*`, `/ipfs/${V1}/a`, `/ipfs/${V1}/a*`, '/ipns/a.b']
  assert.equal(new Set(others.map(keyOf)).size, others.length)
  assert.equal(keyOf(`/ipns/${KEY}`), keyOf(`/ipns/${PEER}`))
})
