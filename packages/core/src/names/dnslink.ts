/**
 * What TXT records of a host say about its DNSLink (dnslink.dev, "Specification").
 * @module
 */
import { DNSLINK_CHARS_MAX } from '../limits/names.ts'
import { ipnsNameFromString } from '../ipns/name.ts'
import { linkFromString } from '../link.ts'
import { dnsNameOf } from './dns-name.ts'

const PREFIX = 'dnslink='
/** Namespaces that we serve. Links into others are not ours to judge. */
const OURS = /^\/ip[fn]s\//
/** A name, then any characters but controls and U+FFFD, which stands for what was no UTF-8. */
const PATH = /^\/(ip[fn]s)\/([A-Za-z0-9._-]+)(?:\/[^\p{Cc}\uFFFD]*)?$/u

/** A host's DNSLink: its path, or that those of its records which concern us make no sense. */
export type DnsLinkSaid = { readonly path: string } | { readonly malformed: string }

/**
 * The DNSLink among a host's TXT records: of those that lead to `/ipfs/<cid>…` or `/ipns/<name>…`
 * the first in the order of their characters, since DNS gives them in any order ("Sorting").
 * Malformed ones are passed over ("Record Format") unless there is no other; undefined when there
 * is none at all.
 *
 * @example
 * dnsLinkOf(['v=spf1 -all', 'dnslink=/ipns/a.example']) // { path: '/ipns/a.example' }
 */
export function dnsLinkOf(texts: readonly string[]): DnsLinkSaid | undefined {
  const values = texts
    .filter((text) => text.startsWith(PREFIX))
    .map((text) => text.slice(PREFIX.length))
    .filter((value) => OURS.test(value) || !/^\/[^/]+\/./.test(value))
    .toSorted(byCharacters)
  const path = values.find(isPath)
  if (path !== undefined) return { path }
  return values[0] === undefined ? undefined : { malformed: values[0].slice(0, 100) }
}

function isPath(value: string): boolean {
  if (value.length > DNSLINK_CHARS_MAX) return false
  const [, namespace, name] = PATH.exec(value) ?? []
  if (name === undefined) return false
  if (namespace === 'ipfs') return linkFromString(name) !== undefined
  return (ipnsNameFromString(name) ?? dnsNameOf(name)) !== undefined
}

function byCharacters(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
