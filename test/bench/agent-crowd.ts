/** The crowd of agents of `npm run bench -- agents` and one BGP peer, in a process of their own; told by IPC what to do. */
import { BgpClient } from './bgp-client.ts';
import { FIRST_PREFIX, LABEL_OF_PHASE, ThinAgent } from './thin-agent.ts';

export interface CrowdPlan {
  readonly address: string;
  readonly port: number;
  readonly bgpPort: number;
  /** Address of the BGP peer. */
  readonly peer: string;
  readonly asn: number;
  readonly agents: number;
  readonly routesPerAgent: number;
  readonly agentsPerNetwork: number;
}

export type CrowdOrder =
  /** Connect, subscribe, publish; done when everybody has been told of every route of the network, if anybody is `told`. */
  | { readonly do: 'connect'; readonly told?: false }
  /** Publish as much as the node takes. */
  | { readonly do: 'sustained'; readonly seconds: number }
  /** Publish so many routes a second, one by one, and wait for the UPDATE of each at the BGP peer. */
  | { readonly do: 'paced'; readonly seconds: number; readonly perSecond: number }
  /** One agent of a network stops reading while another one of it goes on publishing. */
  | { readonly do: 'slow'; readonly publishes: number }
  /** All connections are reset at once. */
  | { readonly do: 'kill' };

export interface CrowdReport {
  readonly milliseconds: number;
  readonly publishes: number;
  readonly items: number;
  readonly octets: number;
  readonly cpuSeconds: number;
  /** Milliseconds from each publish to its UPDATE (`paced`) or to its items at the other agents (`slow`). */
  readonly times: readonly number[];
  /** Empty when everything expected has arrived and nothing else. */
  readonly wrong: string;
}

/** Name of the routing instance of a network. */
export function instanceOf(network: number): string {
  return `default-domain:bench:net-${network}:net-${network}`;
}

/** Connections opened at a time. */
const OPENING = 64;
/** Items on their way at the most while publishing without pause. */
const WINDOW = 60_000;
const GIVE_UP = 60_000;
/** Milliseconds between publishes at a steady rate. */
const PACE = 1;
/** Each agent says that it lives once in so many milliseconds, a few at a time. */
const KEEPALIVE_MILLISECONDS = 25_000;
const KEEPALIVE_STEPS = 500;

class Crowd implements Record<CrowdOrder['do'], (order: never) => Promise<Partial<CrowdReport>>> {
  readonly #plan: CrowdPlan;
  readonly #agents: ThinAgent[];
  readonly #peer: BgpClient;
  /** Those an item goes to, by agent. */
  readonly #audience: number[] = [];
  #everybody = 0;
  #items = 0;
  #wanted = Number.POSITIVE_INFINITY;
  #arrived: (() => void) | undefined;
  #open = 0;
  #opened: (() => void) | undefined;
  #lost = 0;
  #round = 0;

  constructor(plan: CrowdPlan) {
    this.#plan = plan;
    const { agents, routesPerAgent, agentsPerNetwork } = plan;
    const events = {
      open: () => {
        this.#open++;
        this.#opened?.();
      },
      lost: () => void this.#lost++,
      items: (count: number) => {
        this.#items += count;
        if (this.#items >= this.#wanted) this.#arrived?.();
      },
    };
    this.#agents = Array.from({ length: agents }, (_, number) => {
      const network = Math.floor(number / agentsPerNetwork);
      this.#audience.push(Math.min(agentsPerNetwork, agents - network * agentsPerNetwork));
      return new ThinAgent(number, instanceOf(network), number * routesPerAgent, routesPerAgent, events);
    });
    for (const audience of this.#audience) this.#everybody += audience * routesPerAgent;
    this.#peer = new BgpClient({
      address: plan.peer,
      peer: { address: plan.address, port: plan.bgpPort },
      asn: plan.asn,
      verify: false,
    });
    // Agents do not all speak at the same moment.
    let next = 0;
    setInterval(() => {
      const until = next + Math.ceil(agents / KEEPALIVE_STEPS);
      for (; next < until; next++) this.#agents[next % agents]!.keepalive();
    }, KEEPALIVE_MILLISECONDS / KEEPALIVE_STEPS);
  }

  establish(): Promise<void> {
    return this.#peer.establish();
  }

  async carryOut(order: CrowdOrder): Promise<CrowdReport> {
    const cpu = process.cpuUsage();
    const started = performance.now();
    const octets = this.#octets;
    this.#items = 0;
    this.#lost = 0;
    const outcome = await this[order.do](order as never);
    const { user, system } = process.cpuUsage(cpu);
    return {
      milliseconds: performance.now() - started,
      publishes: 0,
      items: this.#items,
      octets: this.#octets - octets,
      cpuSeconds: (user + system) / 1e6,
      times: [],
      wrong: this.#lost > 0 ? `${this.#lost} sessions lost` : '',
      ...outcome,
    };
  }

  async connect({ told }: { told?: false }): Promise<Partial<CrowdReport>> {
    const started = performance.now();
    this.#open = 0;
    for (const agent of this.#agents) agent.expect('connect');
    let next = 0;
    await new Promise<void>((resolve) => {
      const more = (): void => {
        while (next < this.#agents.length && next - this.#open < OPENING)
          this.#agents[next++]!.open(this.#plan);
        if (this.#open === this.#agents.length) resolve();
      };
      this.#opened = more;
      more();
    });
    const missing = told === false ? {} : await this.#arrival(this.#everybody);
    const milliseconds = performance.now() - started;
    return { milliseconds, publishes: this.#agents.length * this.#plan.routesPerAgent, ...missing };
  }

  async sustained({ seconds }: { seconds: number }): Promise<Partial<CrowdReport>> {
    for (const agent of this.#agents) agent.expect('sustained');
    const started = performance.now();
    let publishes = 0;
    let expected = 0;
    // Whole rounds: a route is not published again before its last change has been told.
    do {
      const label = LABEL_OF_PHASE.sustained + ++this.#round;
      for (const [number, agent] of this.#agents.entries()) {
        if (expected - this.#items > Math.min(WINDOW, this.#everybody / 2))
          await this.#arrival(expected - Math.min(WINDOW, this.#everybody / 2));
        agent.publishAll(label);
        publishes += this.#plan.routesPerAgent;
        expected += this.#plan.routesPerAgent * this.#audience[number]!;
      }
    } while (performance.now() - started < seconds * 1000);
    const missing = await this.#arrival(expected);
    return { milliseconds: performance.now() - started, publishes, ...missing };
  }

  async paced({ seconds, perSecond }: { seconds: number; perSecond: number }): Promise<Partial<CrowdReport>> {
    for (const agent of this.#agents) agent.expect('paced');
    const { routesPerAgent } = this.#plan;
    const agents = this.#agents.length;
    const publishes = Math.min(agents * routesPerAgent, seconds * perSecond);
    const sent = new Float64Array(agents * routesPerAgent);
    const times: number[] = [];
    this.#peer.onHostRoute = (address) => {
      times.push(performance.now() - sent[(address - FIRST_PREFIX) | 0]!);
    };
    this.#round++;
    const started = performance.now();
    for (let i = 0; i < publishes;) {
      const due = Math.floor(((performance.now() - started) / 1000) * perSecond) + 1;
      // Agents do not wait for each other, and what this process has missed they would not all publish at once.
      const most = i + Math.ceil((2 * PACE * perSecond) / 1000);
      for (const until = Math.min(publishes, due, most); i < until; i++) {
        const agent = i % agents;
        const route = Math.floor(i / agents);
        sent[agent * routesPerAgent + route] = performance.now();
        this.#agents[agent]!.publish(route, LABEL_OF_PHASE.paced + this.#round);
      }
      // Not without a pause: the processor that this takes would be the control node's.
      await sleep(PACE);
    }
    const until = performance.now() + GIVE_UP;
    while (times.length < publishes && performance.now() < until) await sleep(5);
    this.#peer.onHostRoute = undefined;
    const wrong = times.length === publishes ? '' : `${times.length} of ${publishes} UPDATEs`;
    return { publishes, times, ...(wrong !== '' && { wrong }) };
  }

  async slow({ publishes }: { publishes: number }): Promise<Partial<CrowdReport>> {
    const [first, second] = this.#agents as [ThinAgent, ThinAgent];
    for (const agent of this.#agents) agent.expect('paced');
    second.pause(true);
    const audience = this.#audience[0]! - 1;
    const times: number[] = [];
    for (let i = 0; i < publishes; i++) {
      const sent = performance.now();
      const before = this.#items;
      const label = LABEL_OF_PHASE.paced + 1000 + i;
      first.publishAll(label);
      const { wrong } = await this.#arrival(before + audience * this.#plan.routesPerAgent);
      if (wrong !== undefined) return { wrong: `a slow agent keeps the others waiting: ${wrong}` };
      times.push(performance.now() - sent);
    }
    second.kill();
    return { publishes, times };
  }

  async kill(): Promise<Partial<CrowdReport>> {
    for (const agent of this.#agents) agent.kill();
    await sleep(1000);
    return {};
  }

  get #octets(): number {
    return this.#agents.reduce((sum, { octets }) => sum + octets, 0);
  }

  /** Waits until so many items have arrived, or none for a minute. */
  #arrival(count: number): Promise<{ wrong?: string }> {
    if (this.#items >= count) return Promise.resolve({});
    return new Promise((resolve) => {
      let last = this.#items;
      const end = (wrong?: string): void => {
        clearInterval(guard);
        this.#wanted = Number.POSITIVE_INFINITY;
        resolve(wrong === undefined ? {} : { wrong });
      };
      const guard = setInterval(() => {
        if (this.#items === last) end(`${last} of ${count} items`);
        last = this.#items;
      }, GIVE_UP);
      this.#wanted = count;
      this.#arrived = end;
    });
  }
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

if (process.send !== undefined && process.argv[2] === '--crowd') {
  process.on('disconnect', () => process.exit(0));
  const crowd = new Crowd(JSON.parse(process.argv[3]!) as CrowdPlan);
  process.on('message', (order: CrowdOrder) => {
    void crowd.carryOut(order).then((report) => process.send!(report));
  });
  await crowd.establish();
  process.send('ready');
}
