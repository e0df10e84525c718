/**
 * The fast way in: reads the few shapes that deployed peers write (a publish, its collection, an items message)
 * straight from the octets, some ten times faster than a parser with a tree. It accepts only what it knows for
 * certain: fields in the order of the generated encoders, double quotes, plain ASCII. At anything else (an entity,
 * CDATA, a prefix, an unknown or repeated tag, a number out of range, an item that would be dropped, or a stanza that
 * does not end in the chunk) it gives up, and the same octets go to the strict parser, which has the last word.
 * A property test holds both to the same result.
 *
 * What follows the prefix of an item is looked up before it is read (see {@link AttributeBlocks}): equal octets give
 * the very same attributes, which later stages use as a key.
 */
import { clearHostBits, type Prefix } from '@vaportrail/net';
import { AttributeBlocks } from './attribute-blocks.ts';
import { scanAttributes } from './attributes-scanner.ts';
import { UnreadableItem } from './element-reader.ts';
import { itemFamilies, nativeIdOf, parseNode } from './item-family.ts';
import { readPrefix } from './item-reader.ts';
import { type ItemAttributes, type ItemFamily, type UnicastItem, itemAttributes } from './item.ts';
import { resourceOf } from './jid.ts';
import { leaf, octets, OctetCursor } from './octet-cursor.ts';
import type { Stanza } from './stanza.ts';

const iqOpen = octets('<iq type="set" from="');
const iqToControlNode = octets('" to="network-control@contrailsystems.com/bgp-peer"');
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
const itemOpen = octets('<item');
const itemClose = octets('</item>');
const retract = octets('<retract id="');
const id = octets(' id="');
const entryOpen = octets('<entry>');
const entryClose = octets('</entry>');
const nlriOpen = octets('<nlri>');
const nlriClose = octets('</nlri>');
const quote = octets('"');
const greater = octets('>');
const quoteGreater = octets('">');
const af = leaf('af');
const safi = leaf('safi');
const address = leaf('address');

type UnicastFamily = UnicastItem['family'];

/** Remembers attributes that it has read and nothing of a stanza, so that one serves all streams of a process. */
export class StanzaScanner {
  /** Offset just behind the stanza that {@link scan} has returned. */
  end = 0;
  readonly #cursor = new OctetCursor();
  readonly #blocks = new AttributeBlocks();

  /** Whether the last scan only ran out of octets: all there were are as expected. */
  get starved(): boolean {
    return this.#cursor.starved;
  }

  /** The stanza that begins with the `<` at `at` and ends before `end`, or undefined when it is not for the scanner. */
  scan(bytes: Buffer, at: number, end: number): Stanza | undefined {
    const cursor = this.#cursor;
    cursor.begin(bytes, at, end);
    const stanza = bytes[at + 1] === 0x69 ? this.#iq() : this.#message();
    if (stanza === undefined || cursor.lost) return undefined;
    this.end = cursor.at;
    return stanza;
  }

  #iq(): Stanza | undefined {
    const cursor = this.#cursor;
    if (!cursor.is(iqOpen)) return undefined;
    cursor.passValue();
    if (!cursor.is(iqToControlNode)) return undefined;
    this.#passId();
    if (!cursor.is(greater)) return undefined;
    cursor.space();
    if (!cursor.is(pubsubOpen)) return undefined;
    cursor.space();
    let stanza: Stanza | undefined;
    if (cursor.is(publishOpen)) stanza = this.#publish();
    else if (cursor.is(collectionOpen)) stanza = this.#collection();
    cursor.space();
    cursor.expect(pubsubClose);
    cursor.space();
    cursor.expect(iqClose);
    return stanza;
  }

  #publish(): Stanza | undefined {
    const cursor = this.#cursor;
    const node = cursor.value();
    cursor.expect(quoteGreater);
    const { family } = parseNode(node);
    if (!isUnicast(family)) return undefined;
    cursor.space();
    // Mostly there is one: an array that grows has room for seventeen.
    const items = !cursor.lost && cursor.is(itemOpen) ? [this.#item(family)] : [];
    while (!cursor.lost && cursor.is(itemOpen)) items.push(this.#item(family));
    cursor.expect(publishClose);
    const nativeId = family === 'inet' ? nativeIdOf(node) : undefined;
    return { type: 'publish', node, family, nativeId, items, problems: [] };
  }

  #collection(): Stanza | undefined {
    const cursor = this.#cursor;
    const node = cursor.value();
    cursor.expect(quoteGreater);
    cursor.space();
    let action: 'associate' | 'dissociate';
    if (cursor.is(associate)) action = 'associate';
    else if (cursor.is(dissociate)) action = 'dissociate';
    else return undefined;
    const target = cursor.value();
    cursor.expectEmptyEnd();
    cursor.space();
    cursor.expect(collectionClose);
    return { type: 'collection', node, action, target };
  }

  #message(): Stanza | undefined {
    const cursor = this.#cursor;
    if (!cursor.is(messageOpen)) return undefined;
    cursor.passValue();
    if (!cursor.is(to) || resourceOf(cursor.value()) !== 'bgp-peer') return undefined;
    cursor.expect(quoteGreater);
    cursor.space();
    if (!cursor.is(eventOpen)) return undefined;
    cursor.space();
    if (!cursor.is(itemsOpen)) return undefined;
    const node = cursor.value();
    cursor.expect(quoteGreater);
    const { family, rest } = parseNode(node);
    if (!isUnicast(family)) return undefined;
    cursor.space();
    const items: UnicastItem[] = [];
    while (!cursor.lost && cursor.is(itemOpen)) items.push(this.#item(family));
    const ids: string[] = [];
    while (!cursor.lost && cursor.is(retract)) {
      ids.push(cursor.value());
      cursor.expectEmptyEnd();
      cursor.space();
    }
    if (items.length > 0 && ids.length > 0) return undefined;
    cursor.expect(itemsClose);
    cursor.space();
    cursor.expect(eventClose);
    cursor.space();
    cursor.expect(messageClose);
    return ids.length > 0
      ? { type: 'retracts', node, family, instance: rest, ids }
      : { type: 'items', node, family, instance: rest, items, problems: [] };
  }

  #passId(): void {
    const cursor = this.#cursor;
    if (!cursor.is(id)) return;
    cursor.passValue();
    cursor.expect(quote);
  }

  /** Behind `<item`; leaves the cursor behind the white space after `</item>`. */
  #item(family: UnicastFamily): UnicastItem {
    const cursor = this.#cursor;
    this.#passId();
    cursor.expect(greater);
    cursor.space();
    cursor.expect(entryOpen);
    cursor.space();
    cursor.expect(nlriOpen);
    cursor.space();
    const { afi, safi: subsequent } = itemFamilies[family];
    if (cursor.integer(af) !== afi || cursor.integer(safi) !== subsequent) cursor.lost = true;
    cursor.expect(address.open);
    const prefix = family === 'inet6' ? this.#prefix6() : this.#prefix4();
    cursor.expect(address.close);
    cursor.space();
    cursor.expect(nlriClose);
    const attributes = cursor.lost ? noAttributes : this.#attributes();
    cursor.space();
    cursor.expect(itemClose);
    cursor.space();
    return { family, prefix, attributes };
  }

  /** The attributes, and `</entry>` behind them. */
  #attributes(): ItemAttributes {
    const cursor = this.#cursor;
    const start = cursor.at;
    const known = this.#blocks.find(cursor.bytes, start, cursor.limit);
    if (known !== undefined) {
      cursor.at = this.#blocks.end;
      return known;
    }
    const attributes = scanAttributes(cursor);
    cursor.expect(entryClose);
    if (!cursor.lost) this.#blocks.remember(cursor.bytes, start, cursor.at, attributes);
    return attributes;
  }

  #prefix4(): Prefix {
    const cursor = this.#cursor;
    const bytes = new Uint8Array(4);
    for (let i = 0; i < 4; i++) {
      bytes[i] = cursor.decimal(255);
      cursor.expectOctet(i === 3 ? 0x2f : 0x2e);
    }
    const length = cursor.decimal(32);
    clearHostBits(bytes, length);
    return { bytes, length };
  }

  #prefix6(): Prefix {
    const cursor = this.#cursor;
    const text = cursor.text();
    if (cursor.at === cursor.limit) cursor.starve();
    try {
      const prefix = readPrefix(text);
      if (prefix.bytes.length !== 16) cursor.lost = true;
      return prefix;
    } catch (error) {
      if (!(error instanceof UnreadableItem)) throw error;
      cursor.lost = true;
      return { bytes: new Uint8Array(16), length: 0 };
    }
  }
}

function isUnicast(family: ItemFamily | undefined): family is UnicastFamily {
  return family === 'inet' || family === 'inet6' || family === 'inet-labeled';
}

/** Stands in where there is nothing to read. */
const noAttributes = itemAttributes({ nextHops: [], version: 0 });
