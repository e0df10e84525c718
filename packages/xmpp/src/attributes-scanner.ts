/** Reads what follows the nlri of a unicast entry, in the order of the generated encoders, with an {@link OctetCursor}. */
import { mobilityOf, readAddress, readMac } from './item-reader.ts';
import type { ItemAttributes, LoadBalance, Mobility, NextHop } from './item.ts';
import { leaf, octets, type OctetCursor } from './octet-cursor.ts';

const mobilityOpen = octets('<mobility seqno="');
const stickyOpen = octets('" sticky="');
const trueText = octets('true');
const falseText = octets('false');

const af = leaf('af');
const address = leaf('address');
const nextHops = leaf('next-hops');
const nextHop = leaf('next-hop');
const mac = leaf('mac');
const label = leaf('label');
const vni = leaf('vni');
const encapsulationList = leaf('tunnel-encapsulation-list');
const encapsulation = leaf('tunnel-encapsulation');
const virtualNetwork = leaf('virtual-network');
const tagList = leaf('tag-list');
const tag = leaf('tag');
const localSequence = leaf('local-sequence-number');
const version = leaf('version');
const sequenceNumber = leaf('sequence-number');
const securityGroupList = leaf('security-group-list');
const securityGroup = leaf('security-group');
const communityTagList = leaf('community-tag-list');
const communityTag = leaf('community-tag');
const localPreference = leaf('local-preference');
const med = leaf('med');
const loadBalance = leaf('load-balance');
const loadBalanceFields = leaf('load-balance-fields');
const loadBalanceField = leaf('load-balance-field-list');
const loadBalanceDecision = leaf('load-balance-decision');
const subProtocol = leaf('sub-protocol');

/** The attributes at the cursor; of use only if the cursor is not lost afterwards. Absent fields have their defaults. */
export function scanAttributes(cursor: OctetCursor): ItemAttributes {
  cursor.space();
  // The order of these lines is the order of the fields.
  return {
    nextHops: scanNextHops(cursor),
    version: cursor.integer(version),
    virtualNetwork: cursor.string(virtualNetwork),
    mobility: scanMobility(cursor),
    securityGroups: cursor.integers(securityGroupList, securityGroup),
    communityTags: cursor.strings(communityTagList, communityTag),
    localPref: cursor.integer(localPreference),
    med: cursor.integer(med),
    loadBalance: scanLoadBalance(cursor),
    subProtocol: cursor.string(subProtocol) || 'interface',
  };
}

function scanNextHops(cursor: OctetCursor): NextHop[] {
  const hops: NextHop[] = [];
  if (!cursor.is(nextHops.open)) {
    cursor.passEmpty(nextHops);
    return hops;
  }
  cursor.space();
  while (!cursor.lost && cursor.is(nextHop.open)) hops.push(scanNextHop(cursor));
  cursor.expect(nextHops.close);
  cursor.space();
  return hops;
}

function scanNextHop(cursor: OctetCursor): NextHop {
  cursor.space();
  const afi = cursor.integer(af);
  const addressText = cursor.string(address);
  const macText = cursor.string(mac);
  const labelNumber = cursor.integer(label);
  const vniNumber = cursor.integer(vni);
  const hop: NextHop = {
    address: readAddress(addressText, afi),
    label: labelNumber,
    encapsulations: cursor.strings(encapsulationList, encapsulation),
    virtualNetwork: cursor.string(virtualNetwork),
    tags: cursor.integers(tagList, tag),
    mac: readMac(macText),
    localSequence: cursor.integer(localSequence),
    vni: vniNumber,
    l3Label: 0,
  };
  cursor.expect(nextHop.close);
  cursor.space();
  return hop;
}

function scanMobility(cursor: OctetCursor): Mobility {
  let sequence = 0;
  let sticky = false;
  if (cursor.is(mobilityOpen)) {
    sequence = cursor.digits();
    cursor.expect(stickyOpen);
    sticky = cursor.is(trueText);
    if (!sticky) cursor.expect(falseText);
    cursor.expectEmptyEnd();
    cursor.space();
  }
  return mobilityOf(sequence, sticky, cursor.integer(sequenceNumber));
}

function scanLoadBalance(cursor: OctetCursor): LoadBalance {
  let fields: string[] = [];
  let decision = '';
  if (cursor.is(loadBalance.open)) {
    cursor.space();
    fields = cursor.strings(loadBalanceFields, loadBalanceField);
    decision = cursor.string(loadBalanceDecision);
    cursor.expect(loadBalance.close);
    cursor.space();
  } else cursor.passEmpty(loadBalance);
  return { fields, decision: decision || 'field-hash' };
}
