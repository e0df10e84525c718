/** `npm run bench -- NAME [options]`: every figure in the documentation comes from one of these. */

interface Bench {
  readonly about: string;
  readonly load: () => Promise<{ readonly run: (args: readonly string[]) => Promise<number> }>;
}

const benches: Record<string, Bench> = {
  decode: { about: 'BGP messages as JSON, beside tshark and ExaBGP', load: () => import('./decode.ts') },
  mrt: { about: 'a table dump as lines, beside bgpdump', load: () => import('./mrt.ts') },
  reflect: {
    about: 'VPNv4 routes through this reflector and through others',
    load: () => import('./reflect.ts'),
  },
  agents: {
    about: 'a crowd of agents on one control node: time, memory, processor',
    load: () => import('./agents.ts'),
  },
  micro: {
    about: 'decode, intern, look up, select, encode, items in and out, each beside the naive way',
    load: () => import('./micro.ts'),
  },
  services: {
    about: 'Kubernetes Services to the gateway, and the readiness of one pod with all of them standing',
    load: () => import('./services.ts'),
  },
  tables: {
    about:
      'a dump of a full VPN table and a reason out of it: how long the control node is kept from other work',
    load: () => import('./tables.ts'),
  },
  latency: {
    about: 'from the publish at an agent to the route in FRR',
    load: () => import('./latency.ts'),
  },
};

const [name = '--help', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined) {
  const known = Object.entries(benches).map(([key, { about }]) => `  ${key.padEnd(12)} ${about}\n`);
  process.stderr.write(`npm run bench -- NAME [--help]\n\n${known.join('')}`);
  process.exitCode = name === '--help' ? 0 : 2;
} else {
  try {
    process.exitCode = await (await bench.load()).run(args);
  } catch (error) {
    process.stderr.write(`${name}: ${(error as Error).message}\n`);
    process.exitCode = 2;
  }
}
