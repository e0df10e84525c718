// Installs, builds, fetches the real peers where it may, runs every test, and ends with one line of counts.
// Arguments are passed to tap: `npm test -- packages/net/dist/test/*.test.js` runs a part.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Runs a command to its end and stops the whole test run when it fails. */
function must(command, ...args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (status === 0) return;
  console.error(`${command} ${args.join(' ')}: ${error?.message ?? `exit code ${status}`}`);
  process.exit(1);
}

const newest = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);
if (newest('node_modules/.package-lock.json') < newest('package-lock.json')) {
  must('npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error');
}
must('npx', '--no-install', 'tsc', '-b');
if (!existsSync('.tap/plugins')) must('npx', '--no-install', 'tap', 'build');

/** Debian package → a file that shows it is there. */
const peers = {
  frr: '/usr/lib/frr/bgpd',
  gobgpd: '/usr/bin/gobgpd',
  bird2: '/usr/sbin/bird',
  openbgpd: '/usr/sbin/bgpctl',
  exabgp: '/usr/sbin/exabgp',
  tshark: '/usr/bin/tshark',
  bgpdump: '/usr/bin/bgpdump',
  'python3-mrtparse': '/usr/lib/python3/dist-packages/mrtparse',
  iproute2: '/usr/sbin/ip',
};
const missing = () => Object.keys(peers).filter((name) => !existsSync(peers[name]));
if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  console.error(`installing ${missing().join(' ')}`);
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      // A package must not start its daemon on the machine: each test starts its own.
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    });
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...missing());
}

const files = process.argv.slice(2);
const tap = spawn('npx', ['--no-install', 'tap', 'run', '--reporter=tap', '--jobs=2', ...files], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let block = [];
const reasons = new Map();
const counts = { pass: 0, fail: 0, skip: 0 };
for await (const line of createInterface({ input: tap.stdout })) {
  block.push(line);
  const skipped = /^\s*ok \d+ - (.*?) # SKIP\s*(.*?)(?: # time=.*)?$/.exec(line);
  if (skipped) reasons.set(skipped[2] || skipped[1], (reasons.get(skipped[2] || skipped[1]) ?? 0) + 1);
  const summary = /^# \{ (.*) \}$/.exec(line);
  if (summary) for (const [, name, n] of summary[1].matchAll(/(\w+): (\d+)/g)) counts[name] = Number(n);
  if (!/^(not )?ok /.test(line)) continue;
  console.log(line.startsWith('ok ') ? line.replace(/^ok \d+ - /, 'ok ') : block.join('\n'));
  block = [];
}
const [exitCode] =
  tap.exitCode === null ? await new Promise((r) => tap.on('close', (...a) => r(a))) : [tap.exitCode];
if (missing().length > 0) reasons.set(`not installed: ${missing().join(' ')}`, 1);
for (const [reason, times] of reasons)
  console.log(`skipped: ${reason}${times > 1 ? ` (${times} times)` : ''}`);
console.log(
  `${counts.pass} passed, ${counts.fail} failed${counts.skip > 0 ? `, ${counts.skip} skipped` : ''}`,
);
process.exitCode = exitCode !== 0 || counts.fail > 0 || counts.pass === 0 ? 1 : 0;
