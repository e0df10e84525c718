/**
 * A neighbour of GoBGP for VPN routes, which keeps its routes and asks it to keep ours, in TOML.
 * @param dials where it connects to and from; it waits for the neighbour unless given
 * @param times seconds: how long routes are kept, and how long as long-lived stale ones behind that
 */
export function gobgpNeighbor(
  address: string,
  asn: number,
  times: { readonly restart: number; readonly stale: number },
  dials?: { readonly port: number; readonly from: string },
): string {
  const transport =
    dials === undefined
      ? 'passive-mode = true'
      : `remote-port = ${dials.port}\n    local-address = "${dials.from}"`;
  return `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${asn}
  [neighbors.transport.config]
    ${transport}
  [neighbors.graceful-restart.config]
    enabled = true
    restart-time = ${times.restart}
    long-lived-enabled = true
  [[neighbors.afi-safis]]
    [neighbors.afi-safis.config]
      afi-safi-name = "l3vpn-ipv4-unicast"
    [neighbors.afi-safis.mp-graceful-restart.config]
      enabled = true
    [neighbors.afi-safis.long-lived-graceful-restart.config]
      enabled = true
      restart-time = ${times.stale}
`;
}
