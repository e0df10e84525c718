import t from 'tap';
import { families, type FamilyName } from '../../src/families/table.ts';
import { localOpen, negotiate } from '../../src/session/negotiate.ts';
import { sessionConfig, type SessionSettings } from '../../src/session/session-config.ts';
import { HEADER_OCTETS } from '../../src/wire/header.ts';
import type { NotificationError } from '../../src/wire/notification.ts';
import { decodeOpen, encodeOpen, type Open } from '../../src/wire/open.ts';

const ours: SessionSettings = {
  local: { asn: 64512, routerId: 1 },
  peer: { address: '10.0.0.2', asn: 64512 },
  families: ['inet-vpn', 'route-target', 'inet'],
};
const theirs: SessionSettings = {
  local: { asn: 64512, routerId: 2 },
  peer: { address: '10.0.0.1', asn: 64512 },
  families: ['inet', 'inet-vpn'],
  holdTime: 30,
};

/** What `settings` makes of the OPEN of `peer`, over the wire. */
function meet(settings: SessionSettings, peer: SessionSettings) {
  const bytes = encodeOpen(localOpen(sessionConfig(peer)));
  return negotiate(sessionConfig(settings), decodeOpen(bytes, 0, bytes.length));
}

function refusal(settings: SessionSettings, peer: SessionSettings | Open): NotificationError {
  try {
    if ('type' in peer) negotiate(sessionConfig(settings), peer);
    else meet(settings, peer);
  } catch (error) {
    return error as NotificationError;
  }
  throw new Error('no refusal');
}

t.test('families are those of both, in our order; the hold time is the shorter', async (t) => {
  t.match(meet(ours, theirs), {
    families: ['inet-vpn', 'inet'],
    asn4: true,
    holdTime: 30,
    internal: true,
    routeRefresh: true,
    enhancedRefresh: true,
    extendedMessage: true,
    peerRouterId: 2,
    addPath: { send: [], receive: [] },
  });
  t.equal(meet(ours, { ...theirs, holdTime: 0 }).holdTime, 0);
  t.equal(meet(ours, { ...theirs, routeRefresh: false }).routeRefresh, false);
  t.equal(meet(ours, { ...theirs, extendedMessages: false }).extendedMessage, false);
});

t.test('a graceful restart capability is always sent, empty when there is nothing to restart', async (t) => {
  const { capabilities } = localOpen(sessionConfig(ours));
  t.match(
    capabilities.find(({ type }) => type === 'graceful-restart'),
    { restartTime: 0, families: [], notification: false, restarting: false },
  );
  t.match(meet(ours, theirs).gracefulRestart, { restartTime: 0, families: [], notification: false });
});

t.test('graceful restart covers the families of the session only', async (t) => {
  const gracefulRestart = {
    restartTime: 120,
    families: [
      { family: 'inet-vpn', forwarding: true },
      { family: 'inet6', forwarding: true },
    ],
  } as const;
  const longLived = [{ family: 'inet-vpn', forwarding: false, staleTime: 3600 }] as const;
  const restartable = { ...theirs, families: ['inet-vpn', 'inet6'], gracefulRestart, longLived } as const;
  const helper = meet(ours, restartable);
  t.same(helper.gracefulRestart, {
    restarting: false,
    notification: false,
    restartTime: 120,
    families: [{ family: 'inet-vpn', forwarding: true }],
  });
  t.equal(helper.longLived, undefined, 'long-lived restart must be wanted by both');
  const both = meet({ ...ours, gracefulRestart, longLived: [] }, restartable);
  t.equal(both.gracefulRestart?.notification, true);
  t.same(both.longLived, longLived);
});

t.test('a path identifier is used where one side sends and the other receives', async (t) => {
  const sender = { ...ours, addPath: { 'inet-vpn': 'send', inet: 'both' } } as const;
  const receiver = { ...theirs, addPath: { 'inet-vpn': 'receive', inet: 'send' } } as const;
  t.same(meet(sender, receiver).addPath, { send: ['inet-vpn'], receive: ['inet'] });
  t.same(meet(receiver, sender).addPath, { send: ['inet'], receive: ['inet-vpn'] });
  t.same(meet(ours, receiver).addPath, { send: [], receive: [] });
});

t.test('an AS number of four octets goes into the capability', async (t) => {
  const far = { ...theirs, local: { asn: 4_200_000_001, routerId: 2 } };
  const bytes = encodeOpen(localOpen(sessionConfig(far)));
  t.same([...bytes.subarray(1, 3)], [23456 >> 8, 23456 & 0xff], 'AS_TRANS stands in the old field');
  const near = { ...ours, peer: { address: '10.0.0.2', asn: 4_200_000_001 } };
  t.match(meet(near, far), { peerAsn: 4_200_000_001, internal: false });
});

t.test('more capabilities than fit the old field are sent in the extended format', async (t) => {
  const names = Object.keys(families) as FamilyName[];
  const addPath = Object.fromEntries(names.map((family) => [family, 'both'] as const));
  const longLived = names.map((family) => ({ family, forwarding: true, staleTime: 9 }));
  const gracefulRestart = {
    restartTime: 9,
    families: names.map((family) => ({ family, forwarding: true })),
  };
  const bytes = encodeOpen(
    localOpen(
      sessionConfig({
        ...ours,
        families: names,
        addPath,
        longLived,
        gracefulRestart,
        extendedNextHop: ['inet', 'inet-vpn'],
      }),
    ),
  );
  t.equal(bytes[28 - HEADER_OCTETS], 255, 'RFC 9072');
  t.equal(negotiate(sessionConfig(theirs), decodeOpen(bytes, 0, bytes.length)).addPath.send.length, 0);
});

t.test('a peer that cannot be ours is refused with the reason', async (t) => {
  t.match(refusal({ ...ours, peer: { address: '10.0.0.2', asn: 65000 } }, theirs), { code: 2, subcode: 2 });
  t.match(refusal(ours, { ...theirs, local: { asn: 64512, routerId: 1 } }), { code: 2, subcode: 3 });
  const missing = refusal(ours, { ...theirs, families: ['inet6'] });
  t.match(missing, { code: 2, subcode: 7 });
  t.same([...missing.data.subarray(0, 6)], [1, 4, 0, 1, 0, 128], 'with the capabilities we miss');
  const twin = { ...theirs, local: { asn: 65000, routerId: 1 } };
  t.ok(
    meet({ ...ours, peer: { address: '10.0.0.2', asn: 'any' } }, twin),
    'equal identifiers in two ASes are fine',
  );
});

t.test('a peer without any capability speaks IPv4 unicast with short AS numbers', async (t) => {
  const old: Open = { type: 'open', asn: 64512, holdTime: 180, routerId: 2, capabilities: [] };
  t.match(negotiate(sessionConfig(ours), old), {
    families: ['inet'],
    asn4: false,
    routeRefresh: false,
    extendedMessage: false,
    gracefulRestart: undefined,
    holdTime: 90,
  });
  t.match(refusal({ ...ours, families: ['inet-vpn'] }, old), { code: 2, subcode: 7 });
});

t.test('roles must match, and only strict speakers insist on one', async (t) => {
  const peer = { address: '10.0.0.2', asn: 65001 } as const;
  const provider = { ...ours, peer, role: 'provider' } as const;
  const other = {
    ...theirs,
    local: { asn: 65001, routerId: 2 },
    peer: { address: '10.0.0.1', asn: 64512 },
  } as const;
  t.equal(meet(provider, { ...other, role: 'customer' }).peerRole, 'customer');
  t.match(refusal(provider, { ...other, role: 'provider' }), { code: 2, subcode: 11 });
  t.equal(meet(provider, other).peerRole, undefined);
  t.match(refusal({ ...provider, strictRole: true }, other), { code: 2, subcode: 11 });
});

t.test('settings that no session can have are refused before anything starts', async (t) => {
  t.throws(() => sessionConfig({ ...ours, holdTime: 2 }), /hold time 2/);
  t.throws(() => sessionConfig({ ...ours, families: [] }), /no families/);
  t.throws(() => sessionConfig({ ...ours, local: { asn: 0, routerId: 1 } }), /AS number 0/);
  t.throws(() => sessionConfig({ ...ours, local: { asn: 1, routerId: 0 } }), /router id 0/);
});
