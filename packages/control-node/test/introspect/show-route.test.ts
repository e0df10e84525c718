import t from 'tap';

import { time } from '@vaportrail/show/sandesh';
import { showRouteAnswer } from '../../src/introspect/show-route.ts';

t.test('a path has the fields that introspect clients look up', async (t) => {
  const xml = showRouteAnswer(
    {
      nextBatch: '',
      tables: [
        {
          table: {
            name: 'default-domain:demo:red:red.inet.0',
            family: 'inet',
            instance: 'default-domain:demo:red:red',
            prefixes: 1,
            paths: 1,
            primaryPaths: 1,
          },
          routes: [
            {
              table: 'default-domain:demo:red:red.inet.0',
              family: 'inet',
              prefix: '172.16.0.3/32',
              paths: [
                {
                  protocol: 'xmpp',
                  source: 'compute-1 <&>',
                  best: true,
                  multipath: false,
                  feasible: true,
                  nextHop: '10.1.1.3',
                  label: 25,
                  localPref: 200,
                  med: 100,
                  origin: 'incomplete',
                  routeTargets: ['64512:8000004'],
                  extendedCommunities: ['encapsulation:gre', 'security-group:64512:7', 'origin-vn:64512:6'],
                  encapsulations: ['gre'],
                  secondaryTables: ['bgp.l3vpn.0'],
                  receivedAt: '2016-07-21T02:53:34.144Z',
                },
              ],
            },
          ],
        },
      ],
    },
    { localAsn: 64512, peer: () => undefined },
  );
  t.match(
    xml,
    /^<\?xml-stylesheet [^?]+\?><ShowRouteResp type="sandesh"><tables type="list" identifier="1"><list type="struct" size="1"><ShowRouteTable>/,
  );
  t.match(
    xml,
    '<routing_table_name type="string" identifier="2" link="ShowRouteReq">default-domain:demo:red:red.inet.0</routing_table_name>',
  );
  t.match(xml, '<prefix type="string" identifier="1">172.16.0.3/32</prefix>');
  t.match(
    xml,
    />XMPP \(interface\)<.*>2016-Jul-21 02:53:34\.144000<.*<source [^>]+>compute-1 &lt;&amp;&gt;<\/source>/,
  );
  t.match(
    xml,
    '<list type="string" size="4"><element>target:64512:8000004</element><element>encapsulation:gre</element><element>secgroup:64512:7</element><element>originvn:64512:6</element></list>',
  );
  t.match(
    xml,
    '<flags type="list" identifier="17"><list type="string" size="1"><element>None</element></list></flags>',
  );
  let depth = 0;
  for (const [, end] of xml.replace(/<\?.*?\?>/, '').matchAll(/<(\/)?[a-zA-Z_]+[^>]*>/g))
    depth += end ? -1 : 1;
  t.equal(depth, 0, 'every element is closed');
});

t.test('times are in the form of introspect', async (t) => {
  t.equal(time('2026-11-22T11:42:44.5Z'), '2026-Nov-22 11:42:44.500000');
  t.equal(time(undefined), '');
});
