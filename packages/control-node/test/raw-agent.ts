/** An agent made of nothing but a socket and text: what deployed agents send, letter by letter. */
import { type Socket, connect } from 'node:net';

const CONTROL_NODE = 'network-control@contrailsystems.com';
const PUBSUB = 'http://jabber.org/protocol/pubsub';

/** What a published route says. */
export interface RawRoute {
  readonly instance: string;
  readonly prefix: string;
  readonly nextHop: string;
  readonly label: number;
  readonly localPref?: number;
  readonly encapsulations?: readonly string[];
  readonly securityGroups?: readonly number[];
  readonly sequence?: number;
  readonly virtualNetwork?: string;
  readonly family?: '1/1' | '2/1' | '1/4';
  /** The agent's index of the workload's own VRF, behind the prefix in nodes of the underlay. */
  readonly nativeId?: number;
}

export class RawAgent {
  readonly name: string;
  /** Everything received, keepalives included. */
  received = '';
  /** Resolves when the control node has closed the connection. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #publishes = 0;
  #waiting: (() => void)[] = [];

  private constructor(name: string, socket: Socket) {
    this.name = name;
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      this.received += text;
      for (const look of this.#waiting) look();
    });
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** Connects and opens the stream; resolves when the control node has answered with its header. */
  static async connect(
    to: { address: string; port: number },
    name: string,
    localAddress?: string,
  ): Promise<RawAgent> {
    const agent = await RawAgent.silent(to, name, localAddress);
    agent.send(
      `<stream:stream from="${name}" to="${CONTROL_NODE}" version="1.0" xml:lang="en" xmlns="" xmlns:stream="http://etherx.jabber.org/streams"  >`,
    );
    await agent.hears(/<stream:stream [^>]*>/);
    return agent;
  }

  /** Connects and says nothing. */
  static silent(
    to: { address: string; port: number },
    name: string,
    localAddress?: string,
  ): Promise<RawAgent> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: to.address, port: to.port, ...(localAddress && { localAddress }) });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new RawAgent(name, socket));
      });
    });
  }

  send(text: string | Uint8Array): void {
    this.#socket.write(text);
  }

  /** Resolves with the match once it has been received, `from` being where to begin to look. */
  hears(pattern: RegExp, { milliseconds = 5000, from = 0 } = {}): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(this.received.slice(from));
        if (match === null) return;
        clearTimeout(timer);
        this.#waiting = this.#waiting.filter((one) => one !== look);
        resolve(match);
      };
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one !== look);
        reject(
          new Error(`${this.name} did not hear ${pattern}, but: ${this.received.slice(from, from + 4000)}`),
        );
      }, milliseconds);
      this.#waiting.push(look);
      look();
    });
  }

  /** How much has been received: a place to begin to look from. */
  get mark(): number {
    return this.received.length;
  }

  subscribe(instance: string, instanceId: number): void {
    this.#iq(
      `<subscribe node="${instance}">\n<options>\n<instance-id>${instanceId}</instance-id>\n</options>\n</subscribe>`,
    );
  }

  unsubscribe(instance: string): void {
    this.#iq(`<unsubscribe node="${instance}"><options><instance-id>0</instance-id></options></unsubscribe>`);
  }

  publish(route: RawRoute): void {
    this.#publish(route, 'associate');
  }

  withdraw(route: RawRoute): void {
    this.#publish({ ...route, label: 0 }, 'dissociate');
  }

  /** Stops reading, until {@link read}. */
  stall(): void {
    this.#socket.pause();
  }

  read(): void {
    this.#socket.resume();
  }

  /** Closes the connection without a word. */
  end(): Promise<void> {
    this.#socket.destroy();
    return this.closed;
  }

  #publish(route: RawRoute, action: 'associate' | 'dissociate'): void {
    const { instance, prefix, family = '1/1', nativeId } = route;
    const node = `${family}/${instance}/${prefix}${nativeId === undefined ? '' : `/${nativeId}`}`;
    this.#iq(`<publish node="${node}">\n<item>\n${entry(route, family)}\n</item>\n</publish>`);
    this.#iq(`<collection node="${instance}">\n<${action} node="${node}" />\n</collection>`);
  }

  #iq(body: string): void {
    this.send(
      `<iq type="set" from="${this.name}" to="${CONTROL_NODE}/bgp-peer" id="pubsub${++this.#publishes}">\n` +
        `<pubsub xmlns="${PUBSUB}">\n${body}\n</pubsub>\n</iq>\n`,
    );
  }
}

function entry(route: RawRoute, family: string): string {
  const [af, safi] = family.split('/');
  const { encapsulations = ['gre', 'udp'], securityGroups = [], localPref = 200, sequence = 0 } = route;
  const tunnels = encapsulations
    .map((one) => `<tunnel-encapsulation>${one}</tunnel-encapsulation>`)
    .join('\n');
  const groups = securityGroups.map((one) => `<security-group>${one}</security-group>`).join('\n');
  return `<entry>
<nlri>
<af>${af}</af>
<safi>${safi}</safi>
<address>${route.prefix}</address>
</nlri>
<next-hops>
<next-hop>
<af>1</af>
<address>${route.nextHop}</address>
<mac></mac>
<label>${route.label}</label>
<vni>0</vni>
<tunnel-encapsulation-list>
${tunnels}
</tunnel-encapsulation-list>
<virtual-network>${route.virtualNetwork ?? ''}</virtual-network>
<tag-list />
<local-sequence-number>0</local-sequence-number>
</next-hop>
</next-hops>
<version>1</version>
<virtual-network></virtual-network>
<mobility seqno="0" sticky="false" />
<sequence-number>${sequence}</sequence-number>
<security-group-list>
${groups}
</security-group-list>
<community-tag-list />
<local-preference>${localPref}</local-preference>
<med>0</med>
<load-balance>
<load-balance-fields />
<load-balance-decision>field-hash</load-balance-decision>
</load-balance>
<sub-protocol>interface</sub-protocol>
</entry>`;
}
