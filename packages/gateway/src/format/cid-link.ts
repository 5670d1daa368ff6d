/**
 * Links of our pages to content by its own CID.
 * @module
 */
import type { Site } from '../parse-request.ts'
import { escapeHtml } from './escape.ts'

/**
 * Attributes of a link to a CID, `rest` being what follows it in the path. A site of its own shows
 * no CIDs, so it sends people to who does.
 *
 * @example
 * cidLink(site, 'bafkqaaa', '/') // 'href="/ipfs/bafkqaaa/"' where content is seen by path
 */
export function cidLink(site: Site, cid: string, rest: string): string {
  if (site.kind === 'dnslink')
    return `href="https://cid.ipfs.tech/#${cid}" target="_blank" rel="noreferrer noopener"`
  const path = `/ipfs/${cid}${rest}`
  return `href="${escapeHtml(site.kind === 'subdomain' ? `//${site.gateway}${path}` : path)}"`
}
