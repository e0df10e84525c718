/**
 * The attributes of a unicast entry, the one that is written most. What does not change between items is put together
 * once, from the same lines that describe the layout; only the values are written for each.
 */
import { addressText, macText } from '@vaportrail/net';
import {
  escapeText,
  fill,
  fillList,
  listTemplate,
  open,
  template,
  type Layout,
  type Lines,
} from './entry-lines.ts';
import type { ItemAttributes, NextHop } from './item.ts';

/** Depth of the children of an entry, and of those of a next hop, in the layout of a control node. */
const ENTRY = 5;
const NEXT_HOP = 7;

function templates(layout: Layout) {
  const list = (depth: number, container: string, member: string): ReturnType<typeof listTemplate> =>
    listTemplate(layout, depth, container, member);
  const slots =
    (...names: readonly string[]) =>
    (lines: Lines): void => {
      for (const name of names) void (name === '' ? lines.slot() : lines.leaf(name, open));
    };
  return {
    nextHops: {
      empty: template(layout, ENTRY, (lines) => lines.empty('next-hops')),
      filled: template(layout, ENTRY, (lines) => lines.in('next-hops', () => lines.slot())),
    },
    nextHop: template(layout, NEXT_HOP - 1, (lines) =>
      lines.in('next-hop', () =>
        slots(
          'af',
          'address',
          'mac',
          'label',
          'vni',
          '',
          'virtual-network',
          '',
          'local-sequence-number',
        )(lines),
      ),
    ),
    encapsulations: list(NEXT_HOP, 'tunnel-encapsulation-list', 'tunnel-encapsulation'),
    tags: list(NEXT_HOP, 'tag-list', 'tag'),
    rest: template(layout, ENTRY, (lines) => {
      slots('version', 'virtual-network')(lines);
      lines.empty(`mobility seqno="${open}" sticky="${open}"`);
      slots('sequence-number', '', '', 'local-preference', 'med')(lines);
      lines.in('load-balance', () => slots('', 'load-balance-decision')(lines));
      slots('sub-protocol')(lines);
    }),
    securityGroups: list(ENTRY, 'security-group-list', 'security-group'),
    communityTags: list(ENTRY, 'community-tag-list', 'community-tag'),
    loadBalanceFields: list(ENTRY + 1, 'load-balance-fields', 'load-balance-field-list'),
  };
}

type Templates = ReturnType<typeof templates>;

const byLayout: Readonly<Record<Layout, Templates>> = {
  agent: templates('agent'),
  'control-node': templates('control-node'),
};

/** What follows the nlri of a unicast entry, up to and without `</entry>`. */
export function unicastAttributesText(attributes: ItemAttributes, layout: Layout): string {
  const parts = byLayout[layout];
  let hops = '';
  for (const hop of attributes.nextHops) hops += nextHopText(parts, hop);
  const nextHops = hops === '' ? fill(parts.nextHops.empty, []) : fill(parts.nextHops.filled, [hops]);
  const { mobility, loadBalance } = attributes;
  const rest = fill(parts.rest, [
    attributes.version,
    escapeText(attributes.virtualNetwork),
    mobilitySequence(attributes, layout),
    mobility.sticky,
    mobility.sequence,
    fillList(parts.securityGroups, attributes.securityGroups),
    fillList(parts.communityTags, attributes.communityTags),
    attributes.localPref,
    attributes.med,
    fillList(parts.loadBalanceFields, loadBalance.fields),
    escapeText(loadBalance.decision),
    escapeText(attributes.subProtocol),
  ]);
  return nextHops + rest;
}

/** Agents leave `mobility` at zero and count in `sequence-number`; control nodes write the same number into both. */
export function mobilitySequence({ mobility: { sequence, sticky } }: ItemAttributes, layout: Layout): number {
  return layout === 'agent' && !sticky ? 0 : sequence;
}

function nextHopText(parts: Templates, hop: NextHop): string {
  const { address } = hop;
  return fill(parts.nextHop, [
    address.length === 16 ? 2 : 1,
    address.length === 0 ? '' : addressText(address),
    hop.mac === undefined ? '' : macText(hop.mac),
    hop.label,
    hop.vni,
    fillList(parts.encapsulations, hop.encapsulations),
    escapeText(hop.virtualNetwork),
    fillList(parts.tags, hop.tags),
    hop.localSequence,
  ]);
}
