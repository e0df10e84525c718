/** `npm run soak -- --minutes N`: a system is churned, killed and restarted, and must be right at the end. */
import { parseArgs } from 'node:util';
import { reportText, soak } from './soak.ts';

const USAGE = `npm run soak -- [options]

  --minutes N     how long to churn (default 5; fractions are fine)
  --seed N        the same disturbances again (default: another one each time, and reported)
  --agents N      compute nodes, two of which are left alone (default 36)
  --fips N        floating IPs that come and go (default 60)
  --storm N       further agents that connect and are cut off together, again and again (default 300; 0: none)
  --rate N        disturbances a second (default 25)
  --max-delay N   milliseconds within which 99 of 100 answers must come (default 500)
  --max-stall N   milliseconds a control node may keep its event loop, of its own time (default 150)
  --trace-stalls  tell what ran in stalls over 60 ms; the profile that this takes makes some of its own
  --json          the report as one JSON document on standard output
  --quiet         only the report

Two control nodes in a mesh run as processes of their own; agents and a gateway run in this process; FRR and GoBGP take
part where they are installed. Exit code 0: nothing lost, nothing stale, no gap, memory flat. 1: one of them was not so.
2: it could not run.
`;

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`soak: ${(error as Error).message}\n`);
  process.exitCode = 2;
}

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '5' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      agents: { type: 'string', default: '36' },
      fips: { type: 'string', default: '60' },
      storm: { type: 'string', default: '300' },
      rate: { type: 'string', default: '25' },
      'max-delay': { type: 'string', default: '500' },
      'max-stall': { type: 'string', default: '150' },
      'trace-stalls': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const report = await soak({
    seconds: number('minutes', values.minutes) * 60,
    seed: number('seed', values.seed),
    agents: number('agents', values.agents),
    floatingIps: number('fips', values.fips),
    storm: number('storm', values.storm),
    rate: number('rate', values.rate),
    delayBound: number('max-delay', values['max-delay']),
    stallBound: number('max-stall', values['max-stall']),
    tracesStalls: values['trace-stalls'],
    tell: (line) => {
      if (!values.quiet) process.stderr.write(`${line}\n`);
    },
  });
  process.stdout.write(values.json ? `${JSON.stringify(report, undefined, 2)}\n` : reportText(report));
  return report.failures.length === 0 ? 0 : 1;
}

/** @throws RangeError naming the option */
function number(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0) {
    throw new RangeError(`--${option}: "${text}" is not a number above zero`);
  }
  return value;
}
