import { PathAttributes, encodeAttributes } from '@vaportrail/bgp/wire';
import { labelField, parseAddress, parsePrefix, prefixText } from '@vaportrail/net';
import type { Path, Route } from '@vaportrail/rib';
import t from 'tap';

import { itemWriter } from '../src/item-writer.ts';
import type { VirtualNetworks } from '../src/virtual-networks.ts';

const octets = encodeAttributes({ origin: 'incomplete', asPath: [], localPref: 200 });

function attributes(): PathAttributes {
  return new PathAttributes(octets, { asn4: true });
}

function route(number: number, label: number, own: PathAttributes): Route {
  const prefix = parsePrefix(`10.0.0.${number}/32`);
  const path = {
    attributes: own,
    nextHop: parseAddress('10.1.1.3'),
    labelField: labelField(label),
    replicated: true,
  } as Path;
  return { prefix, text: prefixText(prefix), multipath: [path] as readonly Path[] } as Route;
}

/** Writes items one after the other, for a network whose name may change in between. */
function writer(): { write: (route: Route) => string; rename: (name: string) => void } {
  let name = 'default-domain:demo:red';
  const encode = itemWriter({
    instance: 'default-domain:demo:blue:blue',
    family: 'inet',
    virtualNetwork: 'default-domain:demo:blue',
    asn: 64512,
    networks: () => ({ nameOf: () => name }) as unknown as VirtualNetworks,
  });
  return {
    write: (each) => encode([each], []).bodies.join(''),
    rename: (other) => void (name = other),
  };
}

t.test('what was written before is written again as it would be for the first time', async (t) => {
  const { write, rename } = writer();
  const shared = attributes();
  for (const name of ['default-domain:demo:red', 'default-domain:demo:green']) {
    rename(name);
    for (const [number, label] of [25, 31, 0, 25, 1_048_575, 0, 31].entries()) {
      const item = write(route(number, label, shared));
      t.equal(item, write(route(number, label, attributes())));
      t.match(item, `<label>${label}</label>`);
      t.match(item, `<virtual-network>${name}</virtual-network>`);
      t.equal(item.includes('<tunnel-encapsulation>gre<'), label !== 0);
    }
  }
});
