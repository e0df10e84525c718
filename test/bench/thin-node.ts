/**
 * A compute node as thin as it can be: it has the interfaces and floating IPs the configuration says, publishes their
 * addresses, and lets what it is told pass unread, as if that were the business of another machine.
 */
import { connect, type Socket } from 'node:net';
import { parseAddress, parsePrefix } from '@vaportrail/net';
import type { FloatingIpSettings, InterfaceSettings, VirtualRouterChange } from '@vaportrail/schema';
import {
  announceStanzas,
  CONTROL_NODE_JID,
  headerBytes,
  subscribeStanza,
  unsubscribeStanza,
  withdrawStanzas,
  type UnicastItem,
  itemAttributes,
  nextHop,
} from '@vaportrail/xmpp';

const KEEPALIVE = Buffer.from([0xc8, 0x80]);
const FIRST_LABEL = 16;

interface Interface {
  readonly label: number;
  readonly settings: InterfaceSettings;
  readonly floatingIps: Map<string, FloatingIpSettings>;
}

export class ThinNode {
  readonly #name: string;
  readonly #address: Uint8Array;
  readonly #interfaces = new Map<string, Interface>();
  /** By VRF and address: how many interfaces have it. */
  readonly #published = new Map<string, number>();
  /** Instance ids by VRF. */
  readonly #instances = new Map<string, number>();
  #instanceId = 0;
  #sequence = 0;
  #label = FIRST_LABEL;
  #socket: Socket | undefined;
  #out: Uint8Array[] = [];
  octets = 0;

  constructor(name: string, address: string) {
    this.#name = name;
    this.#address = parseAddress(address);
  }

  /** Ends when the control node has answered the stream header. */
  open(to: { readonly address: string; readonly port: number }, lost: () => void): Promise<void> {
    return new Promise((resolve) => {
      const socket = connect({ host: to.address, port: to.port, noDelay: true });
      this.#socket = socket;
      socket.write(headerBytes({ from: this.#name, to: CONTROL_NODE_JID, namespace: '' }));
      socket.once('data', () => {
        socket.write(KEEPALIVE);
        resolve();
      });
      socket.on('data', (chunk) => (this.octets += chunk.length));
      socket.on('error', () => {});
      socket.on('close', lost);
    });
  }

  keepAlive(): void {
    this.#socket?.write(KEEPALIVE);
  }

  /** Takes the steps of the configuration; what they make necessary goes out in one write. */
  apply(changes: readonly VirtualRouterChange[]): void {
    for (const change of changes) this.#step(change);
    if (this.#out.length > 0) this.#socket?.write(Buffer.concat(this.#out));
    this.#out = [];
  }

  #step(change: VirtualRouterChange): void {
    switch (change.type) {
      case 'add-vrf':
        if (this.#instances.has(change.vrf.name)) break;
        this.#instances.set(change.vrf.name, ++this.#instanceId);
        this.#out.push(subscribeStanza(this.#name, change.vrf.name, this.#instanceId));
        break;
      case 'remove-vrf':
        this.#out.push(unsubscribeStanza(this.#name, change.name, this.#instances.get(change.name)!));
        this.#instances.delete(change.name);
        break;
      case 'add-interface': {
        const { interface: settings } = change;
        const added = { label: this.#label++, settings, floatingIps: new Map<string, FloatingIpSettings>() };
        this.#interfaces.set(settings.name, added);
        for (const address of settings.address) this.#publish(settings.vrf, address, added.label);
        for (const floatingIp of settings['floating-ips']) this.#addFloatingIp(added, floatingIp);
        break;
      }
      case 'remove-interface': {
        const gone = this.#interfaces.get(change.name)!;
        this.#interfaces.delete(change.name);
        for (const { vrf, address } of gone.floatingIps.values()) this.#withdraw(vrf, address, gone.label);
        for (const address of gone.settings.address) this.#withdraw(gone.settings.vrf, address, gone.label);
        break;
      }
      case 'add-floating-ip':
        this.#addFloatingIp(this.#interfaces.get(change.interface)!, change.floatingIp);
        break;
      case 'remove-floating-ip': {
        const from = this.#interfaces.get(change.interface)!;
        from.floatingIps.delete(`${change.vrf} ${change.address}`);
        this.#withdraw(change.vrf, change.address, from.label);
        break;
      }
      default:
    }
  }

  #addFloatingIp(to: Interface, floatingIp: FloatingIpSettings): void {
    const { vrf, address } = floatingIp;
    to.floatingIps.set(`${vrf} ${address}`, floatingIp);
    this.#publish(vrf, address, to.label);
  }

  /** Several interfaces of a node with one address are one route of it. */
  #publish(vrf: string, address: string, label: number): void {
    const key = `${vrf} ${address}`;
    const users = this.#published.get(key) ?? 0;
    this.#published.set(key, users + 1);
    if (users > 0) return;
    this.#out.push(announceStanzas(this.#name, vrf, this.#item(address, label), ++this.#sequence));
  }

  #withdraw(vrf: string, address: string, label: number): void {
    const key = `${vrf} ${address}`;
    const users = (this.#published.get(key) ?? 1) - 1;
    if (users > 0) this.#published.set(key, users);
    else {
      this.#published.delete(key);
      this.#out.push(withdrawStanzas(this.#name, vrf, this.#item(address, label), ++this.#sequence));
    }
  }

  #item(address: string, label: number): UnicastItem {
    return {
      family: 'inet',
      prefix: parsePrefix(`${address}/32`),
      attributes: itemAttributes({
        nextHops: [nextHop({ address: this.#address, label, encapsulations: ['gre', 'udp'] })],
        securityGroups: [8000002],
        localPref: 200,
      }),
    };
  }
}
