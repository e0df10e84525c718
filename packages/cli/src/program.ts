/** The command line: one subcommand per daemon and per question. */
import { readFileSync } from 'node:fs';
import { Command, type Subcommand } from './command.ts';

/** Every subcommand, in the order of `--help`; its code is loaded when it is asked for. */
export const commands = {
  lab: async () => (await import('./commands/lab.ts')).lab,
  'control-node': async () => (await import('./commands/control-node.ts')).controlNode,
  agent: async () => (await import('./commands/agent.ts')).agent,
  gateway: async () => (await import('./commands/gateway.ts')).gateway,
  kube: async () => (await import('./commands/kube.ts')).kube,
  config: async () => (await import('./commands/config.ts')).config,
  get: async () => (await import('./commands/object/get.ts')).get,
  describe: async () => (await import('./commands/object/describe.ts')).describe,
  create: async () => (await import('./commands/object/create.ts')).create,
  delete: async () => (await import('./commands/object/delete.ts')).deleteObject,
  show: async () => (await import('./commands/show.ts')).show,
  clear: async () => (await import('./commands/clear.ts')).clear,
  why: async () => (await import('./commands/why.ts')).why,
  top: async () => (await import('./commands/top.ts')).top,
  'what-if': async () => (await import('./commands/what-if.ts')).whatIf,
  trace: async () => (await import('./commands/trace.ts')).trace,
  cli: async () => (await import('./commands/cli.ts')).cli,
  nh: async () => (await import('./commands/vrouter/nh.ts')).nh,
  rt: async () => (await import('./commands/vrouter/rt.ts')).rt,
  vif: async () => (await import('./commands/vrouter/vif.ts')).vif,
  mpls: async () => (await import('./commands/vrouter/mpls.ts')).mpls,
  flow: async () => (await import('./commands/vrouter/flow.ts')).flow,
  decode: async () => (await import('./commands/decode.ts')).decode,
  encode: async () => (await import('./commands/encode.ts')).encode,
  diff: async () => (await import('./commands/diff.ts')).diff,
  dump: async () => (await import('./commands/dump.ts')).dump,
  mrt: async () => (await import('./commands/mrt.ts')).mrt,
  certificates: async () => (await import('./commands/certificates.ts')).certificates,
  replay: async () => (await import('./commands/replay.ts')).replay,
} as const satisfies Record<string, () => Promise<Subcommand>>;

/** The version in this package's own manifest. */
function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/**
 * The command line for `args`: only the command they begin with is loaded, and every one when they begin with none (the
 * list of commands, a name that is wrong). Its errors are thrown, not exited on, so that tests can look at them.
 */
export async function program(args: readonly string[] = []): Promise<Command> {
  const root = new Command('vaportrail')
    .description(
      'The Contrail control plane for Kubernetes Services, on the wire and explained:\n' +
        'agents publish floating IPs over XMPP, control nodes announce them by MP-BGP, gateways import and choose.',
    )
    .version(version(), '-V, --version', 'print the version')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(--help tells more)')
    .enablePositionalOptions()
    .exitOverride()
    .configureHelp({ sortSubcommands: false });
  const names = Object.keys(commands) as (keyof typeof commands)[];
  const asked = names.filter((name) => name === args[0]);
  if (args[0] === '--version' || args[0] === '-V') return root;
  for (const name of asked.length > 0 ? asked : names) {
    const { summary, examples, build } = await commands[name]();
    const command = root.command(name).summary(summary).description(`${summary}.`).exitOverride();
    command.copyInheritedSettings(root);
    build(command);
    command.addHelpText('after', examplesText(examples));
  }
  if (asked.length === 0) {
    const [lab, show] = [await commands.lab(), await commands.show()];
    root.addHelpText('after', examplesText([...lab.examples.slice(0, 1), ...show.examples.slice(0, 2)]));
  }
  return root;
}

function examplesText(examples: Subcommand['examples']): string {
  const width = Math.max(...examples.map(([line]) => line.length));
  return [
    '',
    'Examples:',
    ...examples.map(([line, remark]) => `  $ ${line.padEnd(width)}  # ${remark}`),
  ].join('\n');
}
