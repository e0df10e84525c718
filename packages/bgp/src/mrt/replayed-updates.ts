/** Routes out of a file as the UPDATEs of a session: those with the same attributes share a message. */
import type { PathAttributes } from '../attributes/path-attributes.ts';
import { families, type FamilyName } from '../families/table.ts';
import { HEADER_OCTETS, frameMessage, messageType } from '../wire/header.ts';
import type { RecordedRoute } from './recorded-route.ts';
import {
  type ReplayedAttributeSettings,
  multiprotocolHeader,
  nextHopAttribute,
  replayedAttributes,
  replayedNextHop,
} from './replayed-attributes.ts';

/** What UPDATEs made of a file's routes may look like. */
export interface ReplayedUpdateSettings extends ReplayedAttributeSettings {
  /** What the session carries, and for which of it with path identifiers. */
  readonly families: readonly FamilyName[];
  readonly addPath: readonly FamilyName[];
  /** Octets of the longest message the peer takes. */
  readonly longest: number;
}

/** Sets of attributes that are remembered in their new form. */
const MAX_SETS = 100_000;

interface AttributeForm {
  readonly attributes: Uint8Array;
  readonly nextHop: Uint8Array;
}

/** Collects routes until a message is full or the next one does not fit in. */
export class ReplayedUpdates {
  announced = 0;
  withdrawn = 0;
  messages = 0;
  /** Routes not sent: of families the session does not carry, by family; and those no message is long enough for. */
  readonly notCarried = new Map<FamilyName, number>();
  tooLong = 0;
  /** Further paths of a destination, which a session without path identifiers has no room for. */
  furtherPaths = 0;
  readonly #settings: ReplayedUpdateSettings;
  readonly #send: (message: Uint8Array) => void;
  readonly #forms = new Map<string, AttributeForm>();
  readonly #pathIds = new Map<string, number>();
  #previous: Uint8Array | undefined;
  #held: Uint8Array[] = [];
  #heldOctets = 0;
  #heldFamily: FamilyName = 'inet';
  /** Undefined while withdrawals are held. */
  #heldForm: AttributeForm | undefined;
  /** Octets of the message around its NLRI. */
  #fixedOctets = HEADER_OCTETS + 4;

  constructor(settings: ReplayedUpdateSettings, send: (message: Uint8Array) => void) {
    this.#settings = settings;
    this.#send = send;
  }

  /** Takes a route; its octets are copied. Of a table without path identifiers only the first path of each destination goes out. */
  add({ op, family, nlri, peer, pathId, attributes }: RecordedRoute): void {
    const { families: carried, addPath, longest } = this.#settings;
    if (!carried.includes(family)) {
      this.notCarried.set(family, (this.notCarried.get(family) ?? 0) + 1);
      return;
    }
    const identified = addPath.includes(family);
    if (op === 'table' && !identified) {
      if (this.#previous !== undefined && Buffer.compare(this.#previous, nlri) === 0) {
        this.furtherPaths++;
        return;
      }
      this.#previous = nlri.slice();
    }
    const form = attributes === undefined ? undefined : this.#form(attributes, family);
    const octets = nlri.length + (identified ? 4 : 0);
    if (family !== this.#heldFamily || form !== this.#heldForm) {
      this.flush();
      this.#heldFamily = family;
      this.#heldForm = form;
      this.#fixedOctets = HEADER_OCTETS + messageBody(family, form, new Uint8Array(0)).length;
    } else if (this.#fixedOctets + this.#heldOctets + octets > longest) this.flush();
    if (this.#fixedOctets + octets > longest) {
      this.tooLong++;
      return;
    }
    if (identified) this.#held.push(this.#pathId(peer, pathId));
    this.#held.push(nlri.slice());
    this.#heldOctets += octets;
    if (form === undefined) this.withdrawn++;
    else this.announced++;
  }

  /** Sends what is held. */
  flush(): void {
    if (this.#held.length === 0) return;
    const nlri = Buffer.concat(this.#held);
    const body = messageBody(this.#heldFamily, this.#heldForm, nlri);
    this.#held = [];
    this.#heldOctets = 0;
    this.messages++;
    this.#send(frameMessage(messageType.update, body));
  }

  #form(attributes: PathAttributes, family: FamilyName): AttributeForm {
    const key = `${family} ${attributes.asn4} ${Buffer.from(attributes.bytes).toString('latin1')}`;
    let form = this.#forms.get(key);
    if (form === undefined) {
      if (this.#forms.size === MAX_SETS) this.#forms.clear();
      form = {
        attributes: replayedAttributes(attributes, this.#settings),
        nextHop: replayedNextHop(attributes, family, this.#settings),
      };
      this.#forms.set(key, form);
    }
    return form;
  }

  /** Each path of each peer of the file has a number of its own. */
  #pathId(peer: string, pathId: number): Uint8Array {
    const key = `${peer} ${pathId}`;
    let number = this.#pathIds.get(key);
    if (number === undefined) this.#pathIds.set(key, (number = this.#pathIds.size + 1));
    return Uint8Array.of(number >>> 24, number >>> 16, number >>> 8, number);
  }
}

/** @see RFC 4271 §4.3, RFC 4760 §3–4 */
function messageBody(family: FamilyName, form: AttributeForm | undefined, nlri: Uint8Array): Uint8Array {
  const { afi, safi } = families[family];
  if (form === undefined) {
    if (family === 'inet') return Buffer.concat([u16(nlri.length), nlri, u16(0)]);
    const value = Buffer.concat([Uint8Array.of(afi >>> 8, afi, safi), nlri]);
    return Buffer.concat([u16(0), u16(value.length + 4), multiprotocolHeader(false, value.length), value]);
  }
  const { attributes, nextHop } = form;
  if (family === 'inet' && nextHop.length === 4) {
    const all = Buffer.concat([attributes, nextHopAttribute(nextHop)]);
    return Buffer.concat([u16(0), u16(all.length), all, nlri]);
  }
  const reach = Uint8Array.of(afi >>> 8, afi, safi, nextHop.length, ...nextHop, 0);
  const length = reach.length + nlri.length;
  const all = [multiprotocolHeader(true, length), reach, nlri, attributes];
  return Buffer.concat([u16(0), u16(length + 4 + attributes.length), ...all]);
}

function u16(number: number): Uint8Array {
  return Uint8Array.of(number >>> 8, number);
}
