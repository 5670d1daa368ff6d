/**
 * What the gateway knows of the names it is called by.
 * @module
 */

/** Host names of a gateway. All are lower case, each with or without a port. */
export interface HostSettings {
  /** Names of this gateway: paths on them are paths, and entries of the log name them. */
  readonly named: ReadonlySet<string>
  /** Names below which each root has an origin of its own: `<cid>.ipfs.<name>`. */
  readonly subdomain: ReadonlySet<string>
}

/** A gateway that answers paths on any name. */
export const NO_HOSTS: HostSettings = { named: new Set(), subdomain: new Set() }

/** Settings from lists of names in any case. */
export function hostSettings(named: readonly string[], subdomain: readonly string[]): HostSettings {
  return { named: hostNames(named), subdomain: hostNames(subdomain) }
}

/** Names in any case as `matchHost` compares them. */
export function hostNames(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => undotted(name.toLowerCase())))
}

/**
 * The entry of `names` that a host matches: with its port, else without.
 *
 * @example
 * matchHost(hostNames(['a.example']), new URL('http://a.example:8080')) // 'a.example'
 */
export function matchHost(
  names: ReadonlySet<string>,
  { host, hostname }: { readonly host: string; readonly hostname: string },
): string | undefined {
  return [host, hostname].map(undotted).find((name) => names.has(name))
}

/** The dot that says that a name is whole makes it no other name (RFC 3986, section 3.2.2). */
function undotted(name: string): string {
  return name.replace(/\.(?=$|:)/, '')
}
