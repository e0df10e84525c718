// Installs, builds, fetches the real peers where it may, runs every test, and ends with one line of counts.
// Arguments are passed to tap: `npm test -- packages/net/dist/test/*.test.js` runs a part, without the checks of style.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
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
  // Not `npm ci`: it insists on every platform's build of a tool, and a registry may not have them all.
  must('npm', 'install', '--no-audit', '--no-fund', '--loglevel=error');
}
must('npx', '--no-install', 'tsc', '-b');
removeStaleTests();
if (!existsSync('.tap/plugins')) must('npx', '--no-install', 'tap', 'build');

/** The compiler leaves the output of a source that was renamed or deleted; such a test must not run on. */
function removeStaleTests() {
  const folders = ['test', 'interop', ...readdirSync('packages').map((name) => join('packages', name))];
  for (const folder of folders) {
    const dist = join(folder, 'dist');
    if (!existsSync(dist)) continue;
    for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
      if (!entry.name.endsWith('.test.js')) continue;
      const compiled = join(entry.parentPath, entry.name);
      const source = join(folder, compiled.slice(dist.length)).replace(/\.js$/, '.ts');
      if (existsSync(source)) continue;
      console.error(`removing ${compiled}: ${source} is gone`);
      for (const each of readdirSync(dirname(compiled))) {
        if (each.startsWith(entry.name.replace(/js$/, ''))) rmSync(join(dirname(compiled), each));
      }
    }
  }
}

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
  'etcd-server': '/usr/bin/etcd',
  haproxy: '/usr/sbin/haproxy',
  prometheus: '/usr/bin/prometheus',
  pmacct: '/usr/sbin/pmbmpd',
  xsltproc: '/usr/bin/xsltproc',
};
const missing = () => Object.keys(peers).filter((name) => !existsSync(peers[name]));
if (missing().length > 0 && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) {
  installPeers(missing());
}

/**
 * Debian starts the daemon of a package it installs, unless this file says no. It is only for the time of the
 * installation, and a policy that is there already stays what it is: each test starts a daemon of its own.
 */
function installPeers(names) {
  console.error(`installing ${names.join(' ')}`);
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const restore = () => ours && rmSync(policy, { force: true });
  const stop = () => process.exit(1);
  process.on('exit', restore).on('SIGINT', stop).on('SIGTERM', stop);
  const apt = (...args) =>
    spawnSync('apt-get', ['-qq', '-o', 'DPkg::Lock::Timeout=120', ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  apt('update');
  // One by one when together they fail, so that a package this system does not know costs only its own tests.
  if (apt('install', '-y', '--no-install-recommends', ...names).status !== 0) {
    for (const name of names) apt('install', '-y', '--no-install-recommends', name);
  }
  restore();
  process.off('exit', restore).off('SIGINT', stop).off('SIGTERM', stop);
}

const files = process.argv.slice(2);
const style = files.length > 0 || checkStyle();

/** Lint and format; what did not change since the last run is not looked at again. */
function checkStyle() {
  const runs = [
    ['oxlint', '--quiet'],
    ['prettier', '--check', '--cache', '--log-level=warn', '.'],
  ];
  return runs.every(([tool, ...args]) => {
    const { status } = spawnSync('npx', ['--no-install', tool, ...args], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    console.log(`${status === 0 ? 'ok' : 'not ok'} ${tool}`);
    return status === 0;
  });
}

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
process.exitCode = exitCode !== 0 || counts.fail > 0 || counts.pass === 0 || !style ? 1 : 0;
