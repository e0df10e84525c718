/** The command line: one subcommand per daemon and per question. */
import { readFileSync } from 'node:fs';
import { agent } from './commands/agent.ts';
import { cli } from './commands/cli.ts';
import { config } from './commands/config.ts';
import { controlNode } from './commands/control-node.ts';
import { decode } from './commands/decode.ts';
import { diff } from './commands/diff.ts';
import { dump } from './commands/dump.ts';
import { encode } from './commands/encode.ts';
import { gateway } from './commands/gateway.ts';
import { kube } from './commands/kube.ts';
import { lab } from './commands/lab.ts';
import { mrt } from './commands/mrt.ts';
import { create } from './commands/object/create.ts';
import { deleteObject } from './commands/object/delete.ts';
import { describe } from './commands/object/describe.ts';
import { get } from './commands/object/get.ts';
import { show } from './commands/show.ts';
import { trace } from './commands/trace.ts';
import { flow } from './commands/vrouter/flow.ts';
import { mpls } from './commands/vrouter/mpls.ts';
import { nh } from './commands/vrouter/nh.ts';
import { rt } from './commands/vrouter/rt.ts';
import { vif } from './commands/vrouter/vif.ts';
import { top } from './commands/top.ts';
import { why } from './commands/why.ts';
import { whatIf } from './commands/what-if.ts';
import { Command, type Subcommand } from './command.ts';

/** Every subcommand, in the order of `--help`. */
export const commands = {
  lab,
  'control-node': controlNode,
  agent,
  gateway,
  kube,
  config,
  get,
  describe,
  create,
  delete: deleteObject,
  show,
  why,
  top,
  'what-if': whatIf,
  trace,
  cli,
  nh,
  rt,
  vif,
  mpls,
  flow,
  decode,
  encode,
  diff,
  dump,
  mrt,
} as const satisfies Record<string, Subcommand>;

/** The version in this package's own manifest. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  return manifest.version;
}

/** The whole command line. Its errors are thrown, not exited on, so that tests can look at them. */
export function program(): Command {
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
  for (const [name, { summary, examples, build }] of Object.entries(commands)) {
    const command = root.command(name).summary(summary).description(`${summary}.`).exitOverride();
    command.copyInheritedSettings(root);
    build(command);
    command.addHelpText('after', examplesText(examples));
  }
  root.addHelpText('after', examplesText([...lab.examples.slice(0, 1), ...show.examples.slice(0, 2)]));
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
