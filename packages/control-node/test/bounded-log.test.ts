// What others do must not fill our disk: a hostile agent has a few lines, an honest one beside it has all of its own.
import type { Log } from '@vaportrail/show';
import t from 'tap';

import { item, nlri, publish, subscribe } from './agent-text.ts';
import { RawAgent } from './raw-agent.ts';
import { RED, agent, controlNode, eventually } from './running.ts';

type Line = Record<string, unknown> & { message: string };

function kept(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const log = (inherited: object): Log => {
    const write = (fields: object, message: string): void => {
      lines.push({ ...inherited, ...fields, message });
    };
    return {
      debug() {},
      info: write,
      warn: write,
      error: write,
      child: (fields) => log({ ...inherited, ...fields }),
    };
  };
  return { log: log({}), lines };
}

t.test(
  'a hostile agent writes a few lines into the log, whatever it does, and the rest is counted',
  async (t) => {
    const { log, lines } = kept();
    const node = await controlNode(t, {}, { log });
    const hostile = async (text: string): Promise<void> => {
      const one = await RawAgent.silent(node.xmppAddress!, 'compute-9');
      one.send(text);
      await one.closed;
    };
    const header =
      '<stream:stream from="compute-9" to="network-control@contrailsystems.com" version="1.0" xml:lang="en" xmlns="" xmlns:stream="http://etherx.jabber.org/streams"  >';
    // No stream; a session that is closed for a slip; one with items that are no routes, then a slip.
    for (let i = 0; i < 40; i++) await hostile('GET / HTTP/1.1\r\n\r\n');
    for (let i = 0; i < 40; i++) await hostile(header + subscribe(RED) + subscribe(RED));
    const bad = publish(RED, `1/1/${RED}/1.2.3.4/33`, item(nlri('1.2.3.4/33')).repeat(100));
    for (let i = 0; i < 40; i++) await hostile(header + subscribe(RED) + bad.repeat(10) + subscribe(RED));
    const of = (address: string): Line[] => lines.filter((line) => line['address'] === address);
    t.equal(of('127.0.0.1').length, 20, 'of some 1,000 that it would have had');
    t.equal(lines.filter(({ message }) => message === 'lines left out').length, 0, 'the minute is not over');

    const honest = await agent(t, node, 'compute-1', '127.0.0.2');
    honest.send(subscribe(RED) + publish(RED, `1/1/${RED}/1.2.3.4/33`, item(nlri('1.2.3.4/33'))));
    await eventually(() => of('127.0.0.2').length === 2 || undefined);
    t.match(of('127.0.0.2'), [
      { agent: 'compute-1', message: 'agent connected' },
      { agent: 'compute-1', message: 'item dropped', dropped: 1 },
    ]);
    await honest.end();
    await node.stop();
    const [summary] = lines.filter(({ message }) => message === 'lines left out');
    t.match(summary, { source: '127.0.0.1' });
    t.ok((summary?.['leftOut'] as number) > 150, `${String(summary?.['leftOut'])} left out`);
  },
);
