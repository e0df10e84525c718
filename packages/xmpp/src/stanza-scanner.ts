/**
 * The fast way in: reads the few shapes that deployed peers write (a publish, its collection, an items message)
 * straight from the octets, four to ten times faster than a parser with a tree. It accepts only what it knows for
 * certain: fields in the order of the generated encoders, double quotes, plain ASCII. At anything else (an entity,
 * CDATA, a prefix, an unknown or repeated tag, a number out of range, an item that would be dropped, or a stanza that
 * does not end in the chunk) it gives up, and the same octets go to the strict parser, which has the last word.
 * A property test holds both to the same result.
 *
 * What follows the prefix of an item is looked up before it is read (see {@link AttributeBlocks}): equal octets give
 * the very same attributes, which later stages use as a key.
 */
import type { Prefix } from '@vaportrail/net';
import { clearHostBits } from '@vaportrail/net';
import { AttributeBlocks } from './attribute-blocks.ts';
import { UnreadableItem } from './element-reader.ts';
import { nativeIdOf, parseNode } from './item-family.ts';
import { mobilityOf, readAddress, readMac, readPrefix } from './item-reader.ts';
import type { Item, ItemAttributes, ItemFamily, NextHop, UnicastItem } from './item.ts';
import { resourceOf } from './jid.ts';
import type { Stanza } from './stanza.ts';

const octets = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/** A tag that holds text or a number, in each way it is written. */
interface Leaf {
  readonly open: Uint8Array;
  readonly close: Uint8Array;
  /** The two ways of writing it empty. */
  readonly empty: Uint8Array;
  readonly emptyTight: Uint8Array;
}

const leaf = (name: string): Leaf => ({
  open: octets(`<${name}>`),
  close: octets(`</${name}>`),
  empty: octets(`<${name} />`),
  emptyTight: octets(`<${name}/>`),
});

const iqOpen = octets('<iq type="set" from="');
const iqToControlNode = octets('" to="network-control@contrailsystems.com/bgp-peer"');
const iqId = octets(' id="');
const iqClose = octets('</iq>');
const pubsubOpen = octets('<pubsub xmlns="http://jabber.org/protocol/pubsub">');
const pubsubClose = octets('</pubsub>');
const publishOpen = octets('<publish node="');
const publishClose = octets('</publish>');
const collectionOpen = octets('<collection node="');
const collectionClose = octets('</collection>');
const associate = octets('<associate node="');
const dissociate = octets('<dissociate node="');
const messageOpen = octets('<message from="');
const to = octets('" to="');
const messageClose = octets('</message>');
const eventOpen = octets('<event xmlns="http://jabber.org/protocol/pubsub">');
const eventClose = octets('</event>');
const itemsOpen = octets('<items node="');
const itemsClose = octets('</items>');
const item = octets('<item');
const itemId = octets(' id="');
const itemClose = octets('</item>');
const retract = octets('<retract id="');
const entryOpen = octets('<entry>');
const entryClose = octets('</entry>');
const nlriOpen = octets('<nlri>');
const nlriClose = octets('</nlri>');
const greater = octets('>');
const quoteGreater = octets('">');
const endEmpty = octets('" />');
const endEmptyTight = octets('"/>');
const mobilityOpen = octets('<mobility seqno="');
const stickyOpen = octets('" sticky="');
const trueText = octets('true');
const falseText = octets('false');

const af = leaf('af');
const safi = leaf('safi');
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

/** Octets that stand for themselves in an attribute value between double quotes. */
const plainInAttribute = new Uint8Array(256);
/** Octets that stand for themselves in text (`]]>` must not occur in it). */
const plainInText = new Uint8Array(256);
for (let octet = 0x20; octet < 0x7f; octet++) {
  const character = String.fromCharCode(octet);
  if (!'"&<'.includes(character)) plainInAttribute[octet] = 1;
  if (!'&<>]'.includes(character)) plainInText[octet] = 1;
}

export class StanzaScanner {
  /** Offset just behind the stanza that {@link scan} has returned. */
  end = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;
  #limit = 0;
  /** Something was not as expected: the result is of no use. */
  #lost = false;
  #starved = false;
  readonly #blocks = new AttributeBlocks();

  /** Whether the last scan only ran out of octets: all there were are as expected. */
  get starved(): boolean {
    return this.#starved;
  }

  /** The stanza that begins with the `<` at `at` and ends before `end`, or undefined when this is not for the scanner. */
  scan(bytes: Buffer, at: number, end: number): Stanza | undefined {
    this.#bytes = bytes;
    this.#at = at;
    this.#limit = end;
    this.#lost = false;
    this.#starved = false;
    const stanza = bytes[at + 1] === 0x69 ? this.#iq() : this.#message();
    if (stanza === undefined || this.#lost) return undefined;
    this.end = this.#at;
    return stanza;
  }

  #iq(): Stanza | undefined {
    if (!this.#is(iqOpen)) return undefined;
    this.#passValue();
    if (!this.#is(iqToControlNode)) return undefined;
    if (this.#is(iqId)) {
      this.#passValue();
      this.#at++; // the quote
    }
    if (!this.#is(greater)) return undefined;
    this.#space();
    if (!this.#is(pubsubOpen)) return undefined;
    this.#space();
    let stanza: Stanza | undefined;
    if (this.#is(publishOpen)) stanza = this.#publish();
    else if (this.#is(collectionOpen)) stanza = this.#collection();
    this.#space();
    this.#expect(pubsubClose);
    this.#space();
    this.#expect(iqClose);
    return stanza;
  }

  #publish(): Stanza | undefined {
    const node = this.#value();
    this.#expect(quoteGreater);
    const { family } = parseNode(node);
    if (!isUnicast(family)) return undefined;
    const items: Item[] = [];
    this.#space();
    while (!this.#lost && this.#is(item)) items.push(this.#item(family));
    this.#expect(publishClose);
    const nativeId = family === 'inet' ? nativeIdOf(node) : undefined;
    return { type: 'publish', node, family, nativeId, items, problems: [] };
  }

  #collection(): Stanza | undefined {
    const node = this.#value();
    this.#expect(quoteGreater);
    this.#space();
    let action: 'associate' | 'dissociate';
    if (this.#is(associate)) action = 'associate';
    else if (this.#is(dissociate)) action = 'dissociate';
    else return undefined;
    const target = this.#value();
    this.#expectEmptyEnd();
    this.#space();
    this.#expect(collectionClose);
    return { type: 'collection', node, action, target };
  }

  #message(): Stanza | undefined {
    if (!this.#is(messageOpen)) return undefined;
    this.#passValue();
    if (!this.#is(to) || resourceOf(this.#value()) !== 'bgp-peer') return undefined;
    this.#expect(quoteGreater);
    this.#space();
    if (!this.#is(eventOpen)) return undefined;
    this.#space();
    if (!this.#is(itemsOpen)) return undefined;
    const node = this.#value();
    this.#expect(quoteGreater);
    const { family, rest } = parseNode(node);
    if (!isUnicast(family)) return undefined;
    const items: Item[] = [];
    const ids: string[] = [];
    this.#space();
    for (;;) {
      if (this.#lost) return undefined;
      if (this.#is(item)) items.push(this.#item(family));
      else if (this.#is(retract)) {
        ids.push(this.#value());
        this.#expectEmptyEnd();
        this.#space();
      } else break;
    }
    if (items.length > 0 && ids.length > 0) return undefined;
    this.#expect(itemsClose);
    this.#space();
    this.#expect(eventClose);
    this.#space();
    this.#expect(messageClose);
    return ids.length > 0
      ? { type: 'retracts', node, family, instance: rest, ids }
      : { type: 'items', node, family, instance: rest, items, problems: [] };
  }

  /** Behind `<item`; leaves the cursor behind the white space after `</item>`. */
  #item(family: UnicastItem['family']): UnicastItem {
    if (this.#is(itemId)) {
      this.#passValue();
      this.#at++;
    }
    this.#expect(greater);
    this.#space();
    this.#expect(entryOpen);
    this.#space();
    this.#expect(nlriOpen);
    this.#space();
    if (this.#integer(af) !== (family === 'inet6' ? 2 : 1)) this.#lost = true;
    if (this.#integer(safi) !== (family === 'inet-labeled' ? 4 : 1)) this.#lost = true;
    this.#expect(address.open);
    const prefix = family === 'inet6' ? this.#prefix6() : this.#prefix4();
    this.#expect(address.close);
    this.#space();
    this.#expect(nlriClose);
    const attributes = this.#lost ? noAttributes : this.#attributes();
    this.#space();
    this.#expect(itemClose);
    this.#space();
    return { family, prefix, attributes };
  }

  /** The attributes, and `</entry>` behind them. */
  #attributes(): ItemAttributes {
    const start = this.#at;
    const known = this.#blocks.find(this.#bytes, start, this.#limit);
    if (known !== undefined) {
      this.#at = this.#blocks.end;
      return known;
    }
    const attributes = this.#readAttributes();
    this.#expect(entryClose);
    if (!this.#lost) this.#blocks.remember(this.#bytes, start, this.#at, attributes);
    return attributes;
  }

  #readAttributes(): ItemAttributes {
    this.#space();
    const hops: NextHop[] = [];
    if (this.#is(nextHops.open)) {
      this.#space();
      while (!this.#lost && this.#is(nextHop.open)) hops.push(this.#nextHop());
      this.#expect(nextHops.close);
      this.#space();
    } else this.#passEmpty(nextHops);
    const versionNumber = this.#integer(version);
    const network = this.#string(virtualNetwork);
    let seqno = 0;
    let sticky = false;
    if (this.#is(mobilityOpen)) {
      seqno = this.#digits();
      this.#expect(stickyOpen);
      sticky = this.#is(trueText);
      if (!sticky) this.#expect(falseText);
      this.#expectEmptyEnd();
      this.#space();
    }
    const older = this.#integer(sequenceNumber);
    const securityGroups = this.#list(securityGroupList, securityGroup, true) as number[];
    const communityTags = this.#list(communityTagList, communityTag, false) as string[];
    const localPref = this.#integer(localPreference);
    const medNumber = this.#integer(med);
    let fields: string[] = [];
    let decision = '';
    if (this.#is(loadBalance.open)) {
      this.#space();
      fields = this.#list(loadBalanceFields, loadBalanceField, false) as string[];
      decision = this.#string(loadBalanceDecision);
      this.#expect(loadBalance.close);
      this.#space();
    } else this.#passEmpty(loadBalance);
    return {
      nextHops: hops,
      version: versionNumber,
      virtualNetwork: network,
      mobility: mobilityOf(seqno, sticky, older),
      securityGroups,
      communityTags,
      localPref,
      med: medNumber,
      loadBalance: { fields, decision: decision || 'field-hash' },
      subProtocol: this.#string(subProtocol) || 'interface',
    };
  }

  #nextHop(): NextHop {
    this.#space();
    this.#integer(af);
    const addressText = this.#string(address);
    const macText = this.#string(mac);
    const labelNumber = this.#integer(label);
    const vniNumber = this.#integer(vni);
    const encapsulations = this.#list(encapsulationList, encapsulation, false) as string[];
    const network = this.#string(virtualNetwork);
    const tags = this.#list(tagList, tag, true) as number[];
    const local = this.#integer(localSequence);
    this.#expect(nextHop.close);
    this.#space();
    return {
      address: readAddress(addressText),
      label: labelNumber,
      encapsulations,
      virtualNetwork: network,
      tags,
      mac: readMac(macText),
      localSequence: local,
      vni: vniNumber,
      l3Label: 0,
    };
  }

  /** The members of a list, all numbers or all text; empty when the list is absent. */
  #list(container: Leaf, member: Leaf, numbers: boolean): (string | number)[] {
    const members: (string | number)[] = [];
    if (!this.#is(container.open)) {
      this.#passEmpty(container);
      return members;
    }
    this.#space();
    while (!this.#lost && !this.#is(container.close)) {
      const before = this.#at;
      members.push(numbers ? this.#integer(member) : this.#string(member));
      if (this.#at === before) this.#lost = true;
    }
    this.#space();
    return members;
  }

  /** The number in a leaf, 0 when the leaf is absent or empty; passes the white space behind it. */
  #integer(field: Leaf): number {
    if (!this.#is(field.open)) {
      this.#passEmpty(field);
      return 0;
    }
    const value = this.#digits();
    this.#expect(field.close);
    this.#space();
    return value;
  }

  /** The text in a leaf, empty when the leaf is absent; passes the white space behind it. */
  #string(field: Leaf): string {
    if (!this.#is(field.open)) {
      this.#passEmpty(field);
      return '';
    }
    const start = this.#at;
    let at = start;
    while (at < this.#limit && plainInText[this.#bytes[at]!] === 1) at++;
    this.#at = at;
    this.#expect(field.close);
    this.#space();
    return at === start ? '' : this.#bytes.toString('latin1', start, at);
  }

  #passEmpty(field: Leaf): void {
    if (this.#is(field.empty) || this.#is(field.emptyTight)) this.#space();
  }

  /** Up to nine digits: a number that no field refuses for its size. */
  #digits(): number {
    let value = 0;
    let at = this.#at;
    const stop = Math.min(this.#limit, at + 9);
    for (; at < stop; at++) {
      const digit = this.#bytes[at]! - 0x30;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    this.#at = at;
    return value;
  }

  #prefix4(): Prefix {
    const bytes = new Uint8Array(4);
    for (let i = 0; i < 4; i++) {
      bytes[i] = this.#decimal(255);
      this.#expectOctet(i === 3 ? 0x2f : 0x2e);
    }
    const length = this.#decimal(32);
    clearHostBits(bytes, length);
    return { bytes, length };
  }

  #prefix6(): Prefix {
    const start = this.#at;
    while (this.#at < this.#limit && plainInText[this.#bytes[this.#at]!] === 1) this.#at++;
    try {
      const prefix = readPrefix(this.#bytes.toString('latin1', start, this.#at));
      if (prefix.bytes.length !== 16) this.#lost = true;
      return prefix;
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      return this.#giveUp({ bytes: new Uint8Array(16), length: 0 });
    }
  }

  /** One to three digits without a leading zero, at most `max`. */
  #decimal(max: number): number {
    const first = this.#at;
    const value = this.#digits();
    const count = this.#at - first;
    if (this.#at === this.#limit) this.#starve();
    else if (count === 0 || value > max || (count > 1 && this.#bytes[first] === 0x30)) this.#lost = true;
    return value;
  }

  /** The attribute value up to its closing quote, at which the cursor stays. */
  #value(): string {
    const start = this.#at;
    this.#passValue();
    return this.#bytes.toString('latin1', start, this.#at);
  }

  #passValue(): void {
    let at = this.#at;
    while (at < this.#limit && plainInAttribute[this.#bytes[at]!] === 1) at++;
    this.#at = at;
    if (at === this.#limit) this.#starve();
    else if (this.#bytes[at] !== 0x22) this.#lost = true;
  }

  #space(): void {
    let at = this.#at;
    while (at < this.#limit) {
      const octet = this.#bytes[at]!;
      if (octet !== 0x0a && octet !== 0x20 && octet !== 0x09 && octet !== 0x0d) break;
      at++;
    }
    this.#at = at;
  }

  /** Passes the octets if they are next. */
  #is(expected: Uint8Array): boolean {
    const at = this.#at;
    const { length } = expected;
    const bytes = this.#bytes;
    if (at + length > this.#limit) {
      let i = at;
      while (i < this.#limit && bytes[i] === expected[i - at]) i++;
      if (i === this.#limit) this.#starve();
      return false;
    }
    // The last octet differs where the first do not: `<af>` and `<address>`, `<next-hop>` and `<next-hops>`.
    for (let i = length - 1; i >= 0; i--) if (bytes[at + i] !== expected[i]) return false;
    this.#at = at + length;
    return true;
  }

  #expect(expected: Uint8Array): void {
    if (!this.#is(expected)) this.#lost = true;
  }

  #expectOctet(octet: number): void {
    if (this.#at >= this.#limit) this.#starve();
    else if (this.#bytes[this.#at++] !== octet) this.#lost = true;
  }

  #expectEmptyEnd(): void {
    if (!this.#is(endEmpty) && !this.#is(endEmptyTight)) this.#lost = true;
  }

  /** The octets end here; if nothing was wrong before, more of them may make a stanza. */
  #starve(): void {
    if (!this.#lost) this.#starved = true;
    this.#lost = true;
  }

  #giveUp<T>(value: T): T {
    this.#lost = true;
    return value;
  }
}

function isUnicast(family: ItemFamily | undefined): family is UnicastItem['family'] {
  return family === 'inet' || family === 'inet6' || family === 'inet-labeled';
}

const noAttributes: ItemAttributes = {
  nextHops: [],
  version: 0,
  virtualNetwork: '',
  mobility: { sequence: 0, sticky: false },
  securityGroups: [],
  communityTags: [],
  localPref: 0,
  med: 0,
  loadBalance: { fields: [], decision: 'field-hash' },
  subProtocol: 'interface',
};
