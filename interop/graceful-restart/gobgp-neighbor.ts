/**
 * A neighbour of GoBGP for VPN routes, which keeps its routes and asks it to keep ours, in TOML.
 * @param times seconds: how long routes are kept, and how long as long-lived stale ones behind that
 */
export function gobgpNeighbor(
  address: string,
  asn: number,
  times: { readonly restart: number; readonly stale: number },
): string {
  return `[[neighbors]]
  [neighbors.config]
    neighbor-address = "${address}"
    peer-as = ${asn}
  [neighbors.transport.config]
    passive-mode = true
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
