/** The configuration file of FRRouting's bgpd, from what a test or a lab wants of it. */

export interface FrrNeighbor {
  readonly address: string;
  readonly asn: number;
  /** Port to connect to; without it FRR waits for the neighbour (`passive`). */
  readonly port?: number;
  readonly keepalive?: number;
  readonly hold?: number;
  /** Further words after `neighbor ADDRESS`: `route-reflector-client`, `password secret`. */
  readonly settings?: readonly string[];
  /** Address families to activate, default only `ipv4 vpn`; with further words per family. */
  readonly families?: Readonly<Record<string, readonly string[]>>;
}

export interface FrrSettings {
  readonly hostname?: string;
  readonly asn: number;
  readonly routerId: string;
  /** Address and port it listens on. */
  readonly address: string;
  readonly port?: number;
  readonly neighbors: readonly FrrNeighbor[];
  /** Route targets its table imports: `500:500`. None: no import. */
  readonly importTargets?: readonly string[];
  /** Route distinguisher of its own table; it needs one to import. Default ROUTERID:100. */
  readonly routeDistinguisher?: string;
  /** How many equal paths it uses. FRR's own default is many; imported VPN paths obey this knob, not the `ibgp` one. */
  readonly maximumPaths?: number;
  /** Prefixes it announces to VPN neighbours from its table, with this label and next hop. */
  readonly exported?: {
    readonly prefixes: readonly string[];
    readonly label: number;
    readonly nextHop: string;
  };
  /** Lines under `router bgp`. */
  readonly settings?: readonly string[];
  /** Lines under `address-family X`. */
  readonly families?: Readonly<Record<string, readonly string[]>>;
  /** Lines outside `router bgp`: route-maps, prefix lists, debugging. */
  readonly after?: readonly string[];
}

/** The configuration file of bgpd. */
export function frrConfig(settings: FrrSettings): string {
  const { asn, routerId, importTargets = [], exported } = settings;
  const vrf = [
    ...(settings.maximumPaths === undefined ? [] : [`maximum-paths ${settings.maximumPaths}`]),
    ...(exported === undefined
      ? []
      : [
          ...exported.prefixes.map((prefix) => `network ${prefix}`),
          `label vpn export ${exported.label}`,
          `nexthop vpn export ${exported.nextHop}`,
          `export vpn`,
        ]),
    ...(importTargets.length === 0
      ? []
      : [
          `rd vpn export ${settings.routeDistinguisher ?? `${routerId}:100`}`,
          `rt vpn both ${importTargets.join(' ')}`,
          'import vpn',
        ]),
  ];
  const families = new Map<string, string[]>([['ipv4 unicast', vrf]]);
  const family = (name: string): string[] => {
    if (!families.has(name)) families.set(name, []);
    return families.get(name)!;
  };
  for (const [name, lines] of Object.entries(settings.families ?? {})) family(name).push(...lines);
  for (const neighbor of settings.neighbors) {
    for (const [name, words] of Object.entries(neighbor.families ?? { 'ipv4 vpn': [] })) {
      family(name).push(...['activate', ...words].map((word) => `neighbor ${neighbor.address} ${word}`));
    }
  }
  return [
    'frr version 8.4.4',
    'frr defaults traditional',
    `hostname ${settings.hostname ?? 'frr'}`,
    '!',
    `router bgp ${asn}`,
    ` bgp router-id ${routerId}`,
    ' no bgp default ipv4-unicast',
    ' no bgp network import-check',
    ' no bgp ebgp-requires-policy',
    ' bgp log-neighbor-changes',
    ...(settings.settings ?? []).map((line) => ` ${line}`),
    ...settings.neighbors.flatMap((neighbor) => frrNeighbor(neighbor, settings.address)),
    ...[...families]
      .filter(([, lines]) => lines.length > 0)
      .flatMap(([name, lines]) => [
        ' !',
        ` address-family ${name}`,
        ...lines.map((line) => `  ${line}`),
        ' exit-address-family',
      ]),
    '!',
    ...(settings.after ?? []),
    '',
  ].join('\n');
}

function frrNeighbor(neighbor: FrrNeighbor, source: string): string[] {
  const { address, port, asn, keepalive = 10, hold = 30, settings = [] } = neighbor;
  return [
    `remote-as ${asn}`,
    ...(port === undefined ? ['passive'] : [`port ${port}`, 'timers connect 1']),
    `timers ${keepalive} ${hold}`,
    'advertisement-interval 0',
    `update-source ${source}`,
    ...settings,
  ].map((words) => ` neighbor ${address} ${words}`);
}
