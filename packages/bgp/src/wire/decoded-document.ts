/** A BGP message as one JSON document: what `vaportrail decode bgp` prints, `decoded-document.schema.json` describes. */
import { Truncated, hexText, ipv4Text } from '@vaportrail/net';
import { familyOf, type FamilyName } from '../families/table.ts';
import type { Capability } from './capability.ts';
import { type DecodeContext, resolveContext } from './decode-context.ts';
import { HEADER_OCTETS, MAX_EXTENDED_MESSAGE, messageLength, messageType } from './header.ts';
import { decodeMessage, type SessionMessage } from './message.ts';
import {
  type Notification,
  NotificationError,
  encapsulatedNotification,
  errorCode,
  headerSubcode,
  notificationText,
  prefixLimitOf,
  shutdownText,
} from './notification.ts';
import { BGP_VERSION, type PartialOpen, readableOpen } from './open.ts';
import { type RouteFilters, decodeRouteFilters } from './route-filter.ts';
import { type Update, decodeFrame } from './update.ts';
import { UpdateFrame, locateUpdate } from './update-frame.ts';
import type { Approach, UpdateProblem } from './update-problem.ts';

/** One error, by the numbers of the NOTIFICATION it is or could be. */
export interface ProblemDocument {
  readonly approach: Approach;
  readonly code: number;
  readonly subcode: number;
  /** Name of the attribute concerned. */
  readonly attribute?: string;
  readonly because: string;
}

interface Problems {
  /** Empty for a message that is right. */
  readonly problems: readonly ProblemDocument[];
}

/** An UPDATE as a document, with what is wrong with it. */
export type UpdateDocument = Omit<Update, 'problems'> & Problems;

/** A capability as a document, told apart by `type`. */
export type CapabilityDocument = Readonly<Record<string, unknown>> & { readonly type: string };

/** Any message as a document: what `describeMessage` yields. */
export type DecodedDocument =
  | UpdateDocument
  | ({
      readonly type: 'open';
      readonly version?: number;
      readonly asn?: number;
      readonly holdTime?: number;
      readonly routerId?: string;
      readonly capabilities?: readonly CapabilityDocument[];
    } & Problems)
  | ({ readonly type: 'notification' } & NotificationDocument & Problems)
  | ({ readonly type: 'keepalive' } & Problems)
  | ({
      readonly type: 'route-refresh';
      readonly afi?: number;
      readonly safi?: number;
      readonly family?: FamilyName;
      readonly subtype?: number;
      /** Outbound route filters: as hexadecimal when they cannot be read. @see RFC 5291 */
      readonly filters?: RouteFilters | string;
    } & Problems)
  | ({ readonly type: 'error' } & Problems);

/** A NOTIFICATION as a document. */
export interface NotificationDocument {
  readonly code: number;
  readonly subcode: number;
  readonly name: string;
  /** Hexadecimal. */
  readonly data: string;
  /** The reason an administrator gave. @see RFC 9003 */
  readonly text?: string;
  /** The prefixes that were too many. @see RFC 4486 §4 */
  readonly limit?: { readonly afi: number; readonly safi: number; readonly limit: number };
  /** The reason of a hard reset. @see RFC 8538 §3.1 */
  readonly encapsulated?: NotificationDocument;
}

const frame = new UpdateFrame();

/**
 * Decodes one whole message. Never throws: a message that cannot be framed gives a document of type `error`, and any
 * other error is in `problems` of a document that holds what could be read.
 */
export function describeMessage(bytes: Uint8Array, context: DecodeContext = {}): DecodedDocument {
  if (bytes.length < HEADER_OCTETS) return failure('error', cutOff(bytes.length));
  let length: number;
  try {
    length = messageLength(bytes, 0, MAX_EXTENDED_MESSAGE);
  } catch (error) {
    return failure('error', error);
  }
  if (length !== bytes.length) {
    return failure('error', length > bytes.length ? cutOff(bytes.length) : leftOver(bytes.length - length));
  }
  if (bytes[18] === messageType.update) return describeUpdate(bytes, context);
  try {
    const message = decodeMessage(bytes);
    return describeSessionMessage(message as SessionMessage);
  } catch (error) {
    if (bytes[18] !== messageType.open) return failure('route-refresh', error);
    const { problems } = failure('open', error);
    return { type: 'open', ...describeOpen(readableOpen(bytes, HEADER_OCTETS, bytes.length)), problems };
  }
}

function describeUpdate(bytes: Uint8Array, context: DecodeContext): UpdateDocument {
  const problem = locateUpdate(bytes, 0, bytes.length, frame);
  if (problem?.approach === 'session-reset') {
    return { type: 'update', routes: [], attributes: {}, problems: [problemDocument(problem)] };
  }
  const update = decodeFrame(frame, resolveContext(frame, context), problem);
  if (update.problems.length === 0) return update;
  return { ...update, problems: update.problems.map(problemDocument) };
}

function describeSessionMessage(message: SessionMessage): DecodedDocument {
  const problems: ProblemDocument[] = [];
  switch (message.type) {
    case 'open':
      return { type: 'open', ...describeOpen({ version: BGP_VERSION, ...message }), problems };
    case 'notification':
      return { type: 'notification', ...describeNotification(message), problems };
    case 'route-refresh': {
      const { type, afi, safi, subtype, filters: octets } = message;
      const family = familyOf(afi, safi);
      const named = { type, afi, safi, ...(family === undefined ? {} : { family }), subtype };
      if (octets.length === 0) return { ...named, problems };
      return { ...named, filters: decodeRouteFilters(octets, afi) ?? hexText(octets), problems };
    }
    case 'keepalive':
      return { type: 'keepalive', problems };
  }
}

function describeOpen({ version, asn, holdTime, routerId, capabilities }: PartialOpen): object {
  return {
    ...(version === undefined ? {} : { version }),
    ...(asn === undefined ? {} : { asn }),
    ...(holdTime === undefined ? {} : { holdTime }),
    ...(routerId === undefined ? {} : { routerId: ipv4Text(routerId) }),
    capabilities: capabilities.map(capabilityDocument),
  };
}

/** `outer`: a hard reset holds a reason, which is no hard reset itself. */
function describeNotification(notification: Notification, outer = true): NotificationDocument {
  const { code, subcode, data } = notification;
  const text = shutdownText(notification);
  const limit = prefixLimitOf(notification);
  const inner = outer ? encapsulatedNotification(notification) : undefined;
  return {
    code,
    subcode,
    name: notificationText(code, subcode),
    data: hexText(data),
    ...(text === undefined ? {} : { text }),
    ...(limit === undefined ? {} : { limit }),
    ...(inner === undefined ? {} : { encapsulated: describeNotification(inner, false) }),
  };
}

/** A capability with octets in hexadecimal, and the name of its family beside the numbers. */
function capabilityDocument(capability: Capability): CapabilityDocument {
  if (capability.type === 'unknown') return { ...capability, value: hexText(capability.value) };
  if (capability.type !== 'multiprotocol') return { ...capability };
  const family = familyOf(capability.afi, capability.safi);
  return { ...capability, ...(family === undefined ? {} : { family }) };
}

function problemDocument({ approach, code, subcode, attribute, because }: UpdateProblem): ProblemDocument {
  return { approach, code, subcode, ...(attribute === undefined ? {} : { attribute }), because };
}

/** A document that says why there is none. */
function failure(type: 'error' | 'open' | 'route-refresh', error: unknown): DecodedDocument {
  if (error instanceof NotificationError) {
    const { code, subcode, because } = error;
    return { type, problems: [{ approach: 'session-reset', code, subcode, because }] };
  }
  if (error instanceof Truncated) return failure(type, cutOff(error.at));
  throw error;
}

function cutOff(octets: number): NotificationError {
  return new NotificationError(
    errorCode.header,
    headerSubcode.badLength,
    undefined,
    `cut off after ${octets} octets`,
  );
}

function leftOver(octets: number): NotificationError {
  return new NotificationError(
    errorCode.header,
    headerSubcode.badLength,
    undefined,
    `${octets} octets follow the end of the message`,
  );
}
