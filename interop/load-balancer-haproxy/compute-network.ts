/** Two compute nodes, pods that serve HTTP, and a client, each in a network namespace of its own on one link. */
import { DaemonProcess, Namespace, run } from '@vaportrail/lab';
import type { Test } from 'tap';

/** A pod that answers every request with its name and the address it was asked from. */
const webserver = (name: string, port: number): string =>
  `require('node:http').createServer((request, response) =>
     response.end(${JSON.stringify(name)})).listen(${port});`;

export interface Pod {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

export class ComputeNetwork {
  readonly nodes: readonly Namespace[];
  readonly nodeAddresses = ['10.47.255.20', '10.47.255.21'] as const;
  readonly client: Namespace;
  readonly #link: Namespace;
  readonly #t: Test;
  #ports = 0;

  private constructor(t: Test, link: Namespace, nodes: readonly Namespace[], client: Namespace) {
    this.#t = t;
    this.#link = link;
    this.nodes = nodes;
    this.client = client;
  }

  /** The client has three addresses, .5 to .7. Everything goes with the test. */
  static async make(t: Test): Promise<ComputeNetwork> {
    const made: Namespace[] = [];
    t.teardown(async () => {
      for (const one of made) await one.remove();
    });
    const create = async (label: string): Promise<Namespace> => {
      const one = await Namespace.create(label);
      made.push(one);
      return one;
    };
    const link = await create('link');
    await link.ip('link', 'add', 'br0', 'type', 'bridge');
    await link.ip('link', 'set', 'br0', 'up');
    const nodes = [await create('node1'), await create('node2')];
    const client = await create('client');
    const network = new ComputeNetwork(t, link, nodes, client);
    for (const [index, node] of nodes.entries()) await network.#plug(node, network.nodeAddresses[index]!);
    await network.#plug(client, '10.47.255.5', '10.47.255.6', '10.47.255.7');
    return network;
  }

  async pod(name: string, address: string, port = 8080): Promise<Pod> {
    const place = await Namespace.create(name);
    this.#t.teardown(() => place.remove());
    await this.#plug(place, address);
    const server = new DaemonProcess(name, [process.execPath, '-e', webserver(name, port)], place);
    this.#t.teardown(() => server.stop());
    const url = `http://${address}:${port}/`;
    await server.answers(() => run(this.client, ['curl', '-s', '-f', '--max-time', '2', url]));
    return { name, address, port };
  }

  /** What the gateway does: sends packets for an address to a node. */
  async lead(address: string, node: string): Promise<void> {
    await this.client.ip('route', 'replace', `${address}/32`, 'via', node);
  }

  /** The body of one answer; a connection of its own. */
  async ask(url: string, from = '10.47.255.5'): Promise<string> {
    return run(this.client, ['curl', '-s', '-S', '--max-time', '5', '--interface', from, url]);
  }

  async #plug(place: Namespace, ...addresses: readonly string[]): Promise<void> {
    const port = `p${this.#ports++}`;
    await place.connect(this.#link, 'eth0', port);
    await this.#link.ip('link', 'set', port, 'master', 'br0');
    for (const address of addresses) await place.addAddress(`${address}/24`, 'eth0');
  }
}
