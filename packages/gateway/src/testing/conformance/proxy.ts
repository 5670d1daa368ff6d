/**
 * The groups of the HTTP proxy gateway in the conformance suite, v0.13.2, from the rules: the
 * gateway itself is the proxy through which subdomains of it are asked for.
 * @module
 */
import { FixtureCar } from './fixtures.ts'
import type { ConformanceGroup } from './groups.ts'
import { subdomainOf } from './subdomains.ts'
import type { ConformanceCase } from './table.ts'

const GATEWAY = 'http://example.com:8080'

/** Requests in absolute form: the Host field says whatever the client's library made of it. */
function rows(tunnel: boolean): ConformanceCase[] {
  const car = new FixtureCar('subdomain_gateway/fixtures.car')
  const file = car.at('hello-CIDv1')
  const v0 = car.at('hello-CIDv0')
  const v1 = car.at('hello-CIDv0to1')
  const folder = car.at('testdirlisting')
  const hello = { status: 200, body: /^hello\n$/ }
  const by = (host: string, path: string): string => `http://${host}${path}`
  const all: ConformanceCase[] = [
    {
      name: 'a file at its subdomain',
      path: by(subdomainOf(file), '/'),
      ...hello,
      wants: { 'x-ipfs-path': `/ipfs/${file}/` },
    },
    { name: 'a file of dag-pb at its subdomain', path: by(subdomainOf(v1), '/'), ...hello },
    {
      name: 'a path of a folder at its subdomain',
      path: by(subdomainOf(folder), '/ipfs/file.txt'),
      status: 200,
      body: /I am a txt/,
    },
    {
      name: 'a path of the gateway leads to the subdomain',
      path: `${GATEWAY}/ipfs/${v0}`,
      status: 301,
      wants: { location: `http://${subdomainOf(v0)}/` },
    },
    {
      name: 'a label of version 0 leads to the canonical one',
      path: by(`${v0}.ipfs.example.com:8080`, '/'),
      status: 301,
      wants: { location: `http://${subdomainOf(v0)}/` },
    },
    {
      name: 'the request line wins over the Host field',
      path: by(subdomainOf(file), '/'),
      headers: { host: subdomainOf(folder) },
      ...hello,
    },
  ]
  return all.map((row) => (tunnel ? throughTunnel(row) : row))
}

function throughTunnel(row: ConformanceCase): ConformanceCase {
  return { ...row, name: `through a tunnel, ${row.name}`, tunnel: true }
}

/** Groups of spec proxy-gateway. */
export const proxyGroups: readonly ConformanceGroup[] = [
  { name: 'TestProxyGatewaySubdomains', rows: () => rows(false) },
  { name: 'TestProxyTunnelGatewaySubdomains', rows: () => rows(true) },
]
