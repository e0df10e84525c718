// Labelled routes of the underlay: from an agent through inet.3 of our control node into FRR.
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import { parseAddress, parsePrefix } from '@vaportrail/net';
import { MASTER_INSTANCE, type UnicastItem, itemAttributes, nextHop } from '@vaportrail/xmpp';
import t from 'tap';
import { ComputeNode } from '../compute-node.ts';
import { runningControlNode } from '../running-control-node.ts';
import { missing } from '../running-lab.ts';

const asn = 64512;
const block = new LoopbackBlock();
const prefix = '10.1.1.3/32';

function labelled(label: number): UnicastItem {
  return {
    family: 'inet-labeled',
    prefix: parsePrefix(prefix),
    attributes: itemAttributes({
      nextHops: [nextHop({ address: parseAddress('10.1.1.3'), label, encapsulations: ['gre', 'udp'] })],
      localPref: 100,
    }),
  };
}

t.test(
  'a labelled route of an agent goes through inet.3 to FRR, without route distinguisher or communities',
  { skip: missing('frr') },
  async (t) => {
    const [ours, theirs] = [block.take(), block.take()];
    const frr = await Frr.start({
      asn,
      routerId: '192.168.0.204',
      address: theirs,
      neighbors: [{ address: ours, asn, families: { 'ipv4 labeled-unicast': [] } }],
    });
    t.teardown(() => frr.stop());
    const node = await runningControlNode(t, {
      name: 'ctrl-1',
      asn,
      'router-id': '10.169.25.19',
      address: ours,
      peers: [{ address: theirs, port: frr.port, families: ['inet-labeled'] }],
    });
    const agent = await ComputeNode.connect(node.xmppAddress!, 'compute-1', '10.1.1.3');
    t.teardown(async () => agent.kill());
    agent.subscribe(MASTER_INSTANCE, 0);
    agent.announce(MASTER_INSTANCE, labelled(33));
    const command = `show bgp ipv4 labeled-unicast ${prefix}`;
    const shown = await frr.process.answers(async () => {
      const text = await frr.vtysh(command);
      return text.includes('Remote label') ? text : undefined;
    });
    t.match(shown, /Remote label: 33/);
    t.match(shown, /\b10\.1\.1\.3 .*from/);
    t.notMatch(shown, /Extended Community/);
    t.match(node.routes({ table: 'inet.3' }), [{ prefix, paths: [{ protocol: 'xmpp', label: 33 }] }]);
    agent.retract(MASTER_INSTANCE, labelled(0));
    await frr.process.answers(async () => {
      const text = await frr.vtysh(command);
      return text.includes('Remote label') ? undefined : true;
    });
    t.same(node.routes({ table: 'inet.3' }), []);
  },
);
