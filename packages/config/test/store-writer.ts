/** Writes 10,000 instance IPs into a store and prints the UUID of each as soon as it is acknowledged. */
import { ConfigDatabase, EmbeddedStore } from '../src/index.ts';

const database = await ConfigDatabase.open(EmbeddedStore.open(process.argv[2]!));
const domain = await database.create('domain', { fqName: ['d'] });
const project = await database.create('project', { fqName: ['d', 'p'], parent: domain });
const ipam = await database.create('network-ipam', { fqName: ['d', 'p', 'i'], parent: project });
const subnet = { ip_prefix: '10.0.0.0', ip_prefix_len: 16 };
const network = await database.create('virtual-network', {
  fqName: ['d', 'p', 'n'],
  parent: project,
  references: { 'network-ipam': [{ uuid: ipam.uuid, attr: { ipam_subnets: [{ subnet }] } }] },
});
/** Writes under way at one time. */
const AT_ONCE = 20;
await Promise.all(
  Array.from({ length: AT_ONCE }, async (_, lane) => {
    for (let i = lane; i < 10_000; i += AT_ONCE) {
      const { uuid } = await database.create('instance-ip', {
        fqName: [`ip-${i}`],
        references: { 'virtual-network': [{ uuid: network.uuid, attr: null }] },
      });
      process.stdout.write(`${uuid}\n`);
    }
  }),
);
