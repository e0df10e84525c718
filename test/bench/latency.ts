/**
 * `npm run bench -- latency`: from the publish at an agent to the route in FRR's own table, asked of FRR itself over
 * its vty socket.
 */
import { type Socket, connect } from 'node:net';
import { parseArgs } from 'node:util';
import { ControlNode, controlNodeConfig } from '@vaportrail/control-node';
import { Frr, LoopbackBlock } from '@vaportrail/lab';
import { parseAddress, parsePrefix } from '@vaportrail/net';
import {
  CONTROL_NODE_JID,
  type UnicastItem,
  announceStanzas,
  headerBytes,
  subscribeStanza,
  itemAttributes,
  nextHop,
} from '@vaportrail/xmpp';
import { median, quantile } from './statistics.ts';

const USAGE = `npm run bench -- latency [options]

  --publishes N   routes published one after the other (default 100)
  --json          one JSON document on standard output

FRR: advertisement-interval 0, coalesce-time 0. "path" is when the path is in the table that imports its route target,
"best" when FRR has also chosen it, which FRR's own queue delays by some 50 ms.
`;

const RED = 'default-domain:bench:red:red';
const GIVE_UP = 10_000;

export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      publishes: { type: 'string', default: '100' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (!/^[1-9]\d{0,4}$/.test(values.publishes))
    throw new RangeError('--publishes takes a number from 1 to 99999');
  const block = new LoopbackBlock();
  const [ours, theirs] = [block.take(), block.take()];
  const asn = 64512;
  const frr = await Frr.start({
    asn,
    routerId: '10.0.0.2',
    address: theirs,
    importTargets: ['64512:100'],
    neighbors: [{ address: ours, asn }],
    settings: ['coalesce-time 0'],
  });
  const node = new ControlNode(
    controlNodeConfig.parse({
      name: 'bench',
      asn,
      'router-id': '10.0.0.1',
      bgp: { listen: [], peers: [{ name: 'frr', address: theirs, port: frr.port, 'local-address': ours }] },
      xmpp: { listen: { address: ours, port: 0 } },
      'routing-instances': [{ name: RED, 'vn-index': 1, 'route-targets': ['64512:100'] }],
    }),
  );
  let agent: Socket | undefined;
  let vty: FrrVty | undefined;
  try {
    await node.start();
    await frr.process.answers(async () => (await frr.established(ours)) || undefined);
    vty = await FrrVty.connect(`${frr.folder}/bgpd.vty`);
    agent = await openAgent(node.xmppAddress!);
    const path: number[] = [];
    const best: number[] = [];
    for (let i = 0; i < Number(values.publishes); i++) {
      const prefix = `20.0.${i >> 8}.${i & 255}/32`;
      const stanza = announceStanzas('compute-1', RED, itemOf(prefix), i);
      const started = performance.now();
      agent.write(stanza);
      path.push(await vty.until(`show bgp ipv4 unicast ${prefix} json`, /"remoteLabel":\s*\d+/, started));
      best.push(await vty.until(`show bgp ipv4 unicast ${prefix} json`, /"bestpath":/, started));
    }
    const figures = {
      publishes: path.length,
      pathMedianMilliseconds: median(path),
      pathP99Milliseconds: quantile(path, 0.99),
      bestMedianMilliseconds: median(best),
      bestP99Milliseconds: quantile(best, 0.99),
      questionMilliseconds: vty.questionMilliseconds,
    };
    process.stdout.write(
      values.json
        ? `${JSON.stringify(figures)}\n`
        : Object.entries(figures)
            .map(
              ([name, value]) => `${name.padEnd(26)} ${Number.isInteger(value) ? value : value.toFixed(2)}\n`,
            )
            .join(''),
    );
    return figures.pathMedianMilliseconds < 50 ? 0 : 1;
  } finally {
    agent?.destroy();
    vty?.close();
    await node.stop();
    await frr.stop();
  }
}

function openAgent(to: { address: string; port: number }): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: to.address, port: to.port, noDelay: true });
    socket.once('error', reject);
    socket.write(headerBytes({ from: 'compute-1', to: CONTROL_NODE_JID, namespace: '' }));
    socket.once('data', () => {
      socket.write(subscribeStanza('compute-1', RED, 1));
      socket.resume();
      resolve(socket);
    });
  });
}

function itemOf(prefix: string): UnicastItem {
  return {
    family: 'inet',
    prefix: parsePrefix(prefix),
    attributes: itemAttributes({
      nextHops: [
        nextHop({
          address: parseAddress('10.1.1.3'),
          label: 25,
          encapsulations: ['gre', 'udp'],
        }),
      ],
      localPref: 200,
    }),
  };
}

/** A vty of bgpd: commands end in a zero octet, answers in three and a status. */
class FrrVty {
  readonly #socket: Socket;
  #questions = 0;
  #milliseconds = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static async connect(path: string): Promise<FrrVty> {
    const socket = connect(path);
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const vty = new FrrVty(socket);
    await vty.ask('enable');
    return vty;
  }

  /** Mean duration of a question: how exact the figures can be. */
  get questionMilliseconds(): number {
    return this.#milliseconds / this.#questions;
  }

  /** Asks until the answer matches; yields the time since `started`. */
  async until(command: string, pattern: RegExp, started: number): Promise<number> {
    for (;;) {
      const answer = await this.ask(command);
      const elapsed = performance.now() - started;
      if (pattern.test(answer)) return elapsed;
      if (elapsed > GIVE_UP)
        throw new Error(`FRR: ${command}: nothing within ${GIVE_UP / 1000} s, but ${answer}`);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  ask(command: string): Promise<string> {
    const started = performance.now();
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const read = (chunk: Buffer): void => {
        parts.push(chunk);
        const all = Buffer.concat(parts);
        if (all.length < 4 || all.readUIntBE(all.length - 4, 3) !== 0) return;
        this.#socket.off('data', read);
        this.#socket.off('error', reject);
        this.#questions++;
        this.#milliseconds += performance.now() - started;
        resolve(all.toString('latin1', 0, all.length - 4));
      };
      this.#socket.on('data', read);
      this.#socket.once('error', reject);
      this.#socket.write(`${command}\0`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }
}
