/** The kinds of extended community known by name: their first two octets, and the text of the other six. */
import { ipv4At, ipv4Text, macText, parseIpv4, parseMac, parseRouteTarget } from '@vaportrail/net';

/** Tunnel types by name. @see https://www.iana.org/assignments/bgp-tunnel-encapsulation */
export const tunnelType = {
  l2tpv3: 1,
  gre: 2,
  'ip-in-ip': 7,
  vxlan: 8,
  nvgre: 9,
  mpls: 10,
  'mpls-o-gre': 11,
  'vxlan-gpe': 12,
  /** MPLS in UDP. */
  udp: 13,
  ipv6: 14,
  'sr-policy': 15,
  bare: 16,
  geneve: 19,
  /** MPLS in UDP before it had a number; old Contrail sends both. */
  'udp-contrail': 37001,
} as const;
/** The name of a tunnel type. */
export type TunnelType = keyof typeof tunnelType;

const tunnelNames = new Map<number, string>(Object.entries(tunnelType).map(([name, type]) => [type, name]));

/** The name of a tunnel type, `undefined` when it has none. */
export function tunnelName(type: number): string | undefined {
  return tunnelNames.get(type);
}

/** One kind of extended community: a name, the first two octets it has, and the text of the other six. */
export interface Kind {
  /** Type and sub-type as one number; the text is read back into the first of them unless it says otherwise. */
  readonly heads: readonly number[];
  /** `undefined` when the octets say more than the text could. */
  text(bytes: Uint8Array, at: number): string | undefined;
  /** Eight octets; `undefined` when the text is of another form. */
  parse(text: string): Uint8Array | undefined;
}

/** Two octets as an unsigned number. */
export const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;
const u24 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 16) | u16(bytes, at + 1);
/** A community of a head and up to six octets; those missing are zero. */
export const octets = (head: number, ...rest: readonly number[]): Uint8Array =>
  Uint8Array.of(head >>> 8, head, ...rest, ...Array.from({ length: 6 - rest.length }, () => 0));
const quad = (value: number): number[] => [value >>> 24, value >>> 16, value >>> 8, value];

/** Of the octets `from…to` behind the head, none is set. */
function unset(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Unsigned decimal up to `limit`. */
function decimal(text: string | undefined, limit: number): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text)) return undefined;
  const value = Number(text);
  return value <= limit ? value : undefined;
}

/** `ADMINISTRATOR:NUMBER` with the administrator types 0 (2-octet AS), 1 (IPv4), 2 (4-octet AS), on top of `base`. */
function administered(subtype: number, base = 0, types: readonly number[] = [0, 1, 2]): Kind {
  return {
    heads: types.map((type) => ((base | type) << 8) | subtype),
    text: (bytes, at) => {
      const type = bytes[at]! & 0x0f;
      if (type === 0) return `${u16(bytes, at + 2)}:${ipv4At(bytes, at + 4)}`;
      if (type === 1) return `${ipv4Text(ipv4At(bytes, at + 2))}:${u16(bytes, at + 6)}`;
      const asn = ipv4At(bytes, at + 2);
      return `${asn}${asn > 0xffff ? '' : 'L'}:${u16(bytes, at + 6)}`;
    },
    parse: (text) => {
      const bytes = parseRouteTarget(text);
      bytes[0]! |= base;
      bytes[1] = subtype;
      return bytes;
    },
  };
}

/** Six octets without a meaning of their own. */
function flagOnly(head: number): Kind {
  return {
    heads: [head],
    text: (bytes, at) => (unset(bytes, at + 2, at + 8) ? '' : undefined),
    parse: (text) => (text === '' ? octets(head) : undefined),
  };
}

/** An IEEE 754 number behind a 2-octet AS number: `64512:1250000`. */
function rate(head: number): Kind {
  return {
    heads: [head],
    text: (bytes, at) => {
      const value = new DataView(bytes.buffer, bytes.byteOffset + at + 4, 4).getFloat32(0);
      return Number.isFinite(value) && !Object.is(value, -0) ? `${u16(bytes, at + 2)}:${value}` : undefined;
    },
    parse: (text) => {
      const [asnText, rateText = ''] = text.split(':');
      const asn = decimal(asnText, 0xffff);
      const value = Number(rateText);
      if (asn === undefined || rateText === '' || !Number.isFinite(value)) return undefined;
      const bytes = octets(head, asn >>> 8, asn);
      new DataView(bytes.buffer).setFloat32(4, value);
      return bytes;
    },
  };
}

/** One number at the end of the six octets, the others zero. */
function number(head: number, width: 1 | 2 | 4, names?: ReadonlyMap<number, string>): Kind {
  const at0 = 8 - width;
  return {
    heads: [head],
    text: (bytes, at) => {
      if (!unset(bytes, at + 2, at + at0)) return undefined;
      const value = width === 4 ? ipv4At(bytes, at + 4) : width === 2 ? u16(bytes, at + 6) : bytes[at + 7]!;
      return names?.get(value) ?? String(value);
    },
    parse: (text) => {
      const named = names === undefined ? undefined : [...names].find(([, name]) => name === text)?.[0];
      const value = named ?? decimal(text, 2 ** (8 * width) - 1);
      return value === undefined ? undefined : octets(head, 0, 0, ...quad(value));
    },
  };
}

/** A MAC address. */
function mac(head: number): Kind {
  return {
    heads: [head],
    text: (bytes, at) => macText(bytes, at + 2),
    parse: (text) => octets(head, ...parseMac(text)),
  };
}

/** Numbers one behind the other that fill the six octets, each with its width: `5:0:1500:0`. */
function numbers(head: number, widths: readonly (1 | 2 | 4)[]): Kind {
  return {
    heads: [head],
    text: (bytes, at) => {
      let from = at + 2;
      const read = (width: 1 | 2 | 4): number => {
        const value = width === 4 ? ipv4At(bytes, from) : width === 2 ? u16(bytes, from) : bytes[from]!;
        from += width;
        return value;
      };
      const list = widths.map(read);
      return unset(bytes, from, at + 8) ? list.join(':') : undefined;
    },
    parse: (text) => {
      const list = text.split(':').map((part, i) => decimal(part, 2 ** (8 * (widths[i] ?? 0)) - 1));
      if (list.length !== widths.length || list.includes(undefined)) return undefined;
      return octets(head, ...list.flatMap((value, i) => quad(value!).slice(4 - widths[i]!)));
    },
  };
}

/** Bits of one octet by name, all the others zero: `sample,terminal`. `at0` counts from the head. */
function flags(head: number, at0: number, bits: Readonly<Record<string, number>>): Kind {
  const every = Object.values(bits).reduce((all, bit) => all | bit, 0);
  return {
    heads: [head],
    text: (bytes, at) => {
      const octet = bytes[at + at0]!;
      if (!unset(bytes, at + 2, at + at0) || !unset(bytes, at + at0 + 1, at + 8)) return undefined;
      if ((octet & ~every) !== 0) return undefined;
      return Object.keys(bits)
        .filter((name) => (octet & bits[name]!) !== 0)
        .join(',');
    },
    parse: (text) => {
      const names = text === '' ? [] : text.split(',');
      if (!names.every((name) => Object.hasOwn(bits, name))) return undefined;
      const bytes = octets(head);
      for (const name of names) bytes[at0]! |= bits[name]!;
      return bytes;
    },
  };
}

/** OSPF area, route type and options. @see RFC 4577 §4.2.6 */
function ospfRouteType(head: number): Kind {
  return {
    heads: [head],
    text: (bytes, at) => `${ipv4Text(ipv4At(bytes, at + 2))}:${bytes[at + 6]}:${bytes[at + 7]}`,
    parse: (text) => {
      const [area = '', typeText, optionsText] = text.split(':');
      const [type, options] = [decimal(typeText, 255), decimal(optionsText, 255)];
      if (type === undefined || options === undefined) return undefined;
      return octets(head, ...quad(parseIpv4(area)), type, options);
    },
  };
}

const loadBalanceFields = {
  'l3-source-address': 0x80,
  'l3-destination-address': 0x40,
  'l4-protocol': 0x20,
  'l4-source-port': 0x10,
  'l4-destination-port': 0x08,
};

/**
 * The kinds known, by the word in front of their text.
 * @see https://www.iana.org/assignments/bgp-extended-communities
 */
export const extendedCommunityKinds = {
  target: administered(0x02),
  origin: administered(0x03),
  'ospf-domain-id': administered(0x05),
  'ospf-router-id': administered(0x07),
  'data-collection': administered(0x08),
  'source-as': administered(0x09),
  'l2vpn-id': administered(0x0a),
  'route-import': administered(0x0b),
  'segmented-next-hop': administered(0x12, 0, [1]),
  /** Where FlowSpec sends packets, and whether it copies them there (1) or not. */
  'redirect-ip': administered(0x0c, 0, [1]),
  'vpn-distinguisher': administered(0x10),
  'route-target-record': administered(0x13),
  'vrf-recursive-next-hop': administered(0x14, 0, [1]),
  /** The numbers of OSPF communities before they had any: Cisco sent these. */
  'old-ospf-route-type': ospfRouteType(0x8000),
  'old-ospf-router-id': {
    heads: [0x8001],
    text: (bytes, at) => (unset(bytes, at + 6, at + 8) ? ipv4Text(ipv4At(bytes, at + 2)) : undefined),
    parse: (text) => octets(0x8001, ...quad(parseIpv4(text))),
  },
  'ospf-route-type': ospfRouteType(0x0306),
  /** @see RFC 9012 §4.3 */
  color: {
    heads: [0x030b],
    text: (bytes, at) => `${u16(bytes, at + 2)}:${ipv4At(bytes, at + 4)}`,
    parse: (text) => {
      const [flagsText, colorText] = text.split(':');
      const [flags, color] = [decimal(flagsText, 0xffff), decimal(colorText, 0xffff_ffff)];
      if (flags === undefined || color === undefined) return undefined;
      return octets(0x030b, flags >>> 8, flags, ...quad(color));
    },
  },
  /** @see RFC 9012 §4.1 */
  encapsulation: number(0x030c, 2, tunnelNames),
  'default-gateway': flagOnly(0x030d),
  /** Contrail: which fields of a packet choose the ECMP member; the default is not sent. */
  'load-balance': {
    heads: [0x03aa],
    text: (bytes, at) => {
      if (bytes[at + 3] !== 0 || (bytes[at + 4]! & 0x7f) !== 0 || (bytes[at + 2]! & 7) !== 0)
        return undefined;
      if (!unset(bytes, at + 5, at + 8)) return undefined;
      const fields = Object.entries(loadBalanceFields).filter(([, bit]) => (bytes[at + 2]! & bit) !== 0);
      if (bytes[at + 4] !== 0) fields.push(['source-bias', 0]);
      return fields.map(([name]) => name).join(',');
    },
    parse: (text) => {
      let fields = 0;
      let bias = 0;
      for (const name of text === '' ? [] : text.split(',')) {
        if (name === 'source-bias') bias = 0x80;
        else if (Object.hasOwn(loadBalanceFields, name)) {
          fields |= loadBalanceFields[name as keyof typeof loadBalanceFields];
        } else return undefined;
      }
      return octets(0x03aa, fields, 0, bias);
    },
  },
  /** Octets per second. @see draft-ietf-idr-link-bandwidth */
  'link-bandwidth': rate(0x4004),
  'transitive-link-bandwidth': rate(0x0004),
  /** Point of insertion, identifier, cost. @see draft-ietf-idr-custom-decision */
  cost: numbers(0x4301, [1, 1, 4]),
  'transitive-cost': numbers(0x0301, [1, 1, 4]),
  /** `valid`, `not-found` or `invalid`. @see RFC 8097 §2 */
  'origin-validation': number(
    0x4300,
    1,
    new Map([
      [0, 'valid'],
      [1, 'not-found'],
      [2, 'invalid'],
    ]),
  ),
  /** Sequence number of a MAC or host that moves. @see RFC 7432 §7.7 */
  mobility: {
    heads: [0x0600],
    text: (bytes, at) => {
      if (bytes[at + 2]! > 1 || bytes[at + 3] !== 0) return undefined;
      return `${bytes[at + 2] === 1 ? 'sticky' : 'non-sticky'}:${ipv4At(bytes, at + 4)}`;
    },
    parse: (text) => {
      const [sticky, sequenceText] = text.split(':');
      const sequence = decimal(sequenceText, 0xffff_ffff);
      if (sequence === undefined || (sticky !== 'sticky' && sticky !== 'non-sticky')) return undefined;
      return octets(0x0600, sticky === 'sticky' ? 1 : 0, 0, ...quad(sequence));
    },
  },
  /** Flags and label of an Ethernet segment. @see RFC 7432 §7.5 */
  'esi-label': {
    heads: [0x0601],
    text: (bytes, at) => {
      if (bytes[at + 2]! > 1 || bytes[at + 3] !== 0 || bytes[at + 4] !== 0) return undefined;
      return `${bytes[at + 2] === 1 ? 'single-active' : 'all-active'}:${u24(bytes, at + 5)}`;
    },
    parse: (text) => {
      const [mode, fieldText] = text.split(':');
      const field = decimal(fieldText, 0xff_ffff);
      if (field === undefined || (mode !== 'single-active' && mode !== 'all-active')) return undefined;
      return octets(0x0601, mode === 'single-active' ? 1 : 0, 0, 0, ...quad(field).slice(1));
    },
  },
  'es-import': mac(0x0602),
  'router-mac': mac(0x0603),
  /** @see RFC 8317 §5.1 */
  etree: {
    heads: [0x0605],
    text: (bytes, at) => {
      if (bytes[at + 2]! > 1 || bytes[at + 3] !== 0 || bytes[at + 4] !== 0) return undefined;
      return `${bytes[at + 2] === 1 ? 'leaf' : 'root'}:${u24(bytes, at + 5)}`;
    },
    parse: (text) => {
      const [side, fieldText] = text.split(':');
      const field = decimal(fieldText, 0xff_ffff);
      if (field === undefined || (side !== 'leaf' && side !== 'root')) return undefined;
      return octets(0x0605, side === 'leaf' ? 1 : 0, 0, 0, ...quad(field).slice(1));
    },
  },
  /** Control flags and MTU of a layer 2 service. @see RFC 8214 §3.1 */
  'l2-attributes': numbers(0x0604, [2, 2]),
  /** Algorithm (with the three bits above it), capabilities, preference. @see RFC 8584 §2.2 */
  'df-election': numbers(0x0606, [1, 2, 1, 2]),
  /** @see RFC 9047 §2 */
  'arp-nd': flags(0x0608, 2, { override: 0x02, router: 0x01, immutable: 0x08 }),
  /** Which kinds of multicast proxy are there. @see RFC 9251 §9.5 */
  'multicast-flags': flags(0x0609, 3, { igmp: 0x01, mld: 0x02 }),
  /** Segment of the mobile user plane. @see draft-ietf-bess-mup-safi §3.2 */
  'mup-segment': numbers(0x0c00, [2, 4]),
  /** Sends packets to the next hop of the route. @see draft-simpson-idr-flowspec-redirect */
  'redirect-to-next-hop': flags(0x0800, 7, { copy: 0x01 }),
  /** Octets per second, 0 drops. @see RFC 8955 §7.1 */
  'traffic-rate': rate(0x8006),
  /** @see RFC 8955 §7.3 */
  'traffic-action': flags(0x8007, 7, { sample: 0x02, terminal: 0x01 }),
  /** @see RFC 8955 §7.4 */
  redirect: administered(0x08, 0x80),
  /** @see RFC 8955 §7.5 */
  'traffic-marking': number(0x8009, 1),
  /** Encapsulation, control flags, MTU and preference of a VPLS. @see RFC 4761 §3.2.4 */
  'layer2-info': numbers(0x800a, [1, 1, 2, 2]),
  /** @see RFC 8955 §7.2 */
  'traffic-rate-packets': rate(0x800c),
  /** Contrail: security group. */
  'security-group': administered(0x04, 0x80, [0, 2]),
  /** Contrail: the virtual network a route began in. */
  'origin-vn': administered(0x71, 0x80, [0, 2]),
  /** Contrail: tag of a workload. */
  tag: administered(0x84, 0x80, [0, 2]),
  /** Contrail: sub-cluster of the control node. */
  'sub-cluster': administered(0x85, 0x80, [0, 2]),
  /** Contrail: sequence number local to an agent; the last two octets are undefined on the wire. */
  'local-sequence': {
    heads: [0xc000],
    text: (bytes, at) => (unset(bytes, at + 6, at + 8) ? String(ipv4At(bytes, at + 2)) : undefined),
    parse: (text) => {
      const sequence = decimal(text, 0xffff_ffff);
      return sequence === undefined ? undefined : octets(0xc000, ...quad(sequence));
    },
  },
} as const satisfies Record<string, Kind>;
