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
  const lower = (names: readonly string[]): ReadonlySet<string> =>
    new Set(names.map((name) => name.toLowerCase()))
  return { named: lower(named), subdomain: lower(subdomain) }
}

/**
 * The entry of `names` that a host matches: with its port, else without.
 *
 * @example
 * matchHost(new Set(['a.example']), { host: 'a.example:8080', hostname: 'a.example' }) // 'a.example'
 */
export function matchHost(
  names: ReadonlySet<string>,
  { host, hostname }: { readonly host: string; readonly hostname: string },
): string | undefined {
  if (names.has(host)) return host
  return names.has(hostname) ? hostname : undefined
}
