/** The pieces that configuration schemas are made of: text of the field, checked and turned into the nouns of `net`. */
import {
  MAX_LABEL,
  addressText,
  parseAddress,
  parseIpv4,
  parseMac,
  parsePrefix,
  parseRouteDistinguisher,
  parseRouteTarget,
} from '@vaportrail/net';
import { z } from 'zod';

/** A setting written as text: `parse` throws a RangeError whose message tells what is wrong. */
function parsed<T>(example: string, parse: (text: string) => T) {
  return z.string({ error: `must be text such as "${example}"` }).transform((text, context): T => {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      context.issues.push({ code: 'custom', message: error.message, input: text });
      return z.NEVER;
    }
  });
}

/** An IPv4 or IPv6 address; yields its canonical text. */
export const ipAddress = parsed('10.169.25.19', (text) => addressText(parseAddress(text)));

/** An IPv4 address; yields its text. */
export const ipv4Address = parsed('10.169.25.19', (text) => {
  parseIpv4(text);
  return text;
});

/** A BGP identifier written as an IPv4 address; yields the unsigned number, which is not 0. @see RFC 6286 §2.1 */
export const routerId = parsed('10.169.25.19', (text) => {
  const id = parseIpv4(text);
  if (id === 0) throw new RangeError('a router id must not be 0.0.0.0');
  return id;
});

/** An IPv4 or IPv6 prefix such as `101.101.101.0/24`; yields a `Prefix` of net. */
export const prefix = parsed('101.101.101.0/24', parsePrefix);

/** A route target, `500:500` or `target:500:500`; yields the eight octets of the extended community. */
export const routeTarget = parsed('500:500', parseRouteTarget);

/** A route distinguisher such as `192.168.0.204:500`; yields its eight octets. */
export const routeDistinguisher = parsed('192.168.0.204:500', parseRouteDistinguisher);

/** An Ethernet address; yields six octets. */
export const macAddress = parsed('02:30:51:c0:fc:9e', parseMac);

const LARGEST_ASN = 0xffff_ffff;

/** An AS number, 1–4294967295, as a number or as text in asplain or asdot (`"1.10"`). @see RFC 5396 */
export const asn = z
  .union([z.number(), z.string()], { error: 'an AS number is a number from 1 to 4294967295' })
  .transform((value, context) => {
    const dotted = typeof value === 'string' ? /^(\d{1,5})\.(\d{1,5})$/.exec(value) : null;
    const number =
      dotted && Number(dotted[1]) <= 0xffff && Number(dotted[2]) <= 0xffff
        ? Number(dotted[1]) * 0x1_0000 + Number(dotted[2])
        : typeof value === 'string' && !/^\d+$/.test(value)
          ? Number.NaN
          : Number(value);
    if (Number.isInteger(number) && number >= 1 && number <= LARGEST_ASN) return number;
    context.issues.push({
      code: 'custom',
      message: `${value} is not an AS number (1 to 4294967295${dottedHint(value)})`,
      input: value,
    });
    return z.NEVER;
  });

/** 1.10 without quotes is the number 1.1. */
function dottedHint(value: string | number): string {
  return typeof value === 'number' && !Number.isInteger(value) ? '; asdot needs quotes' : '';
}

/** A whole number within limits; the message names both. */
export function wholeNumber(least: number, most: number) {
  const message = `must be a whole number from ${least} to ${most}`;
  return z
    .number({ error: message })
    .int({ error: message })
    .min(least, { error: message })
    .max(most, { error: message });
}

/** A TCP port; 0 lets the system choose a free one. */
export const port = wholeNumber(0, 65535);

/** Whole seconds. */
export function seconds(least: number, most: number) {
  return wholeNumber(least, most);
}

/** A BGP hold time: 0 (no keepalives) or at least three seconds. @see RFC 4271 §4.2 */
export const holdTime = wholeNumber(0, 65535).refine((value) => value === 0 || value >= 3, {
  error: 'must be 0 or from 3 to 65535 seconds',
});

/** An MPLS label that a router may assign. @see RFC 3032 §2.1 */
export const label = wholeNumber(16, MAX_LABEL);

/** A name without white space, as daemons print it. */
export const name = z
  .string()
  .regex(/^[^\s/]+$/, { error: 'must be a name without white space or "/"' })
  .max(255);

/** An address and port to listen on, with what to take when the port is left out. */
export function listenEndpoint(defaultPort: number) {
  return z.strictObject({ address: ipAddress, port: port.default(defaultPort) });
}

/** An address and port to connect to; port 0 is refused. */
export function remoteEndpoint(defaultPort: number) {
  return z.strictObject({ address: ipAddress, port: wholeNumber(1, 65535).default(defaultPort) });
}

/** PEM files of one end of a TLS channel. */
const tlsFiles = z.strictObject({
  certificate: z.string().min(1),
  key: z.string().min(1),
  /** Authorities that sign the certificates of the other end; without it the other end is not asked who it is. */
  authority: z.string().min(1).optional(),
});

/**
 * The same with a rule for what the name of the other end has to do with its certificate, which it has to show then.
 * @param rules names of the rules
 * @param none the rule that asks for nothing
 */
export function namedTlsFiles<Rule extends string>(rules: readonly Rule[], none: NoInfer<Rule>) {
  return tlsFiles
    .extend({
      /** The strictest rule where there is an authority, unless told otherwise. */
      names: z.enum(rules).optional(),
    })
    .refine(({ names, authority }) => names === undefined || names === none || authority !== undefined, {
      path: ['names'],
      error: 'needs an authority: without one certificates are not checked',
    });
}

/** A station has no port of its own; this one is what collectors take unless told otherwise. */
const BMP_PORT = 11_019;

/** Where a daemon serves its views: on loopback unless told otherwise, on any free port when the port is 0. */
export const introspect = z.strictObject({ address: ipAddress.default('127.0.0.1'), port: port.default(0) });

/** Dumps and logs in MRT files; `%Y %m %d %H %M %S` in a name stand for the time in UTC, `.gz` at its end compresses. */
export const mrtFiles = z.strictObject({
  /** The routing tables, every so many seconds. */
  table: z
    .strictObject({
      file: z.string().min(1),
      interval: wholeNumber(1, 31_536_000).default(3600),
      /** Names of the tables; all of them when left out. */
      tables: z.array(z.string().min(1)).min(1).optional(),
    })
    .optional(),
  /** Every UPDATE received and sent, and the states of sessions; a file is finished after `rotate` seconds. */
  messages: z
    .strictObject({ file: z.string().min(1), rotate: wholeNumber(1, 31_536_000).default(900) })
    .optional(),
});

/** BMP stations that are told of sessions and routes. @see RFC 7854 */
export const bmpStations = z.strictObject({
  stations: z
    .array(
      remoteEndpoint(BMP_PORT).extend({
        /** Whether it hears what peers are told, too. @see RFC 8671 */
        'adj-rib-out': z.boolean().default(true),
      }),
    )
    .default([]),
  /** Seconds between two statistics reports. */
  'statistics-interval': wholeNumber(1, 86_400).default(60),
});
