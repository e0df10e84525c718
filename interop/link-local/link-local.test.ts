// A session between link-local addresses with BIRD, each in a network namespace of its own.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Bird, Namespace, findBird } from '@vaportrail/lab';
import t from 'tap';

t.setTimeout(60_000);
const found = findBird();
const skip = ('missing' in found ? found.missing : undefined) ?? (await Namespace.unavailable()) ?? false;
const script = fileURLToPath(new URL('link-local-speaker.js', import.meta.url));

t.test('routes go both ways, and the zone stays at home', { skip }, async (t) => {
  const [ours, theirs] = [await Namespace.create('ours'), await Namespace.create('theirs')];
  t.teardown(async () => {
    await ours.remove();
    await theirs.remove();
  });
  await ours.connect(theirs, 'v0', 'v1');
  await ours.ip('address', 'add', 'fe80::1/64', 'dev', 'v0', 'nodad');
  await theirs.ip('address', 'add', 'fe80::2/64', 'dev', 'v1', 'nodad');
  const bird = await Bird.start(
    {
      asn: 64512,
      routerId: '10.0.0.4',
      address: 'fe80::2',
      neighbors: [
        {
          name: 'vaportrail',
          address: 'fe80::1%v1',
          asn: 64512,
          settings: ['direct;'],
          channels: ['ipv6 { import all; export all; };'],
        },
      ],
      after: ['protocol static fixed { ipv6; route 2001:db8:2::/48 unreachable; }'],
    },
    theirs,
  );
  t.teardown(() => bird.stop());

  const [program, ...args] = ours.command([process.execPath, script, 'fe80::2%v0', String(bird.port)]);
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const events: { event: string }[] = [];
  createInterface(child.stdout).on('line', (line) => events.push(JSON.parse(line) as { event: string }));
  const gone = new Promise((resolve) => child.once('close', resolve));
  t.teardown(async () => {
    child.kill();
    await gone;
  });
  await bird.process.answers(async () => events.some(({ event }) => event === 'route') || undefined, 30_000);
  t.match(events, [
    { event: 'established', endpoints: { local: { address: 'fe80::1' }, remote: { address: 'fe80::2' } } },
    { event: 'route', prefix: '2001:db8:2::/48' },
  ]);
  const route = await bird.process.answers(async () => {
    const shown = await bird.birdc('show route all 2001:db8:1::/48');
    return /BGP.next_hop: (.*)/.exec(shown)?.[1];
  });
  t.match(route, /fe80::1/, 'our route leads to us');
});
