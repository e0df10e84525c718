/** A control node for one test: configured with what the test is about, started, ended with it. */
import { ControlNode, type ControlNodeConfigInput, controlNodeConfig } from '@vaportrail/control-node';

/** The routing instance of the lab's floating IPs. */
export const PUBLIC =
  'default-domain:k8s-ns-user-1:k8s-vn-ns-default-pod-network:k8s-vn-ns-default-pod-network';

/** The control node of the lab, for {@link runningControlNode}. */
export const cent111 = {
  name: 'cent111',
  asn: 60100,
  'router-id': '10.169.25.19',
  'routing-instances': [{ name: PUBLIC, 'vn-index': 11, 'route-targets': ['500:500'] }],
} satisfies Partial<RunningControlNode>;

/** The gateway of the lab, for a real daemon in its place. */
export const camaro = { asn: 60100, routerId: '192.168.0.204', importTargets: ['500:500'] };

/** A route reflector that its peers may connect to as well, for {@link runningControlNode}. */
export const reflector = {
  name: 'reflector',
  asn: 64512,
  'router-id': '10.0.0.1',
  'cluster-id': '10.0.0.1',
  bgpPort: 0,
} satisfies Partial<RunningControlNode>;

/** A control node without routers, which learns everything from a config node, for {@link runningControlNode}. */
export const toldByConfigNode = {
  name: 'cn',
  'router-id': '10.0.0.9',
  peers: [],
} satisfies Partial<RunningControlNode>;

export type PeerInput = NonNullable<NonNullable<ControlNodeConfigInput['bgp']>['peers']>[number];

export interface RunningControlNode extends Omit<ControlNodeConfigInput, 'bgp' | 'xmpp'> {
  /** Its own, for BGP and XMPP. */
  readonly address: string;
  /** Where it waits for BGP connections, 0 for any port; nowhere unless given. */
  readonly bgpPort?: number;
  /** The address of the node and quick attempts are filled in where the node is the one that connects. */
  readonly peers?: readonly PeerInput[];
  /** Peers that need no entry of their own. */
  readonly 'dynamic-peers'?: NonNullable<ControlNodeConfigInput['bgp']>['dynamic-peers'];
}

export async function runningControlNode(
  t: { teardown(end: () => Promise<unknown>): unknown },
  { address, bgpPort, peers = [], 'dynamic-peers': dynamic = [], ...config }: RunningControlNode,
): Promise<ControlNode> {
  const connecting = { 'local-address': address, 'connect-retry': 1 };
  const node = new ControlNode(
    controlNodeConfig.parse({
      ...config,
      bgp: {
        listen: bgpPort === undefined ? [] : [{ address, port: bgpPort }],
        peers: peers.map((peer) => (peer.passive === true ? peer : { ...connecting, ...peer })),
        'dynamic-peers': dynamic,
      },
      xmpp: { listen: { address, port: 0 } },
    }),
  );
  await node.start();
  t.teardown(() => node.stop());
  return node;
}
