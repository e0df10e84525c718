import { execFile } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { hostPrefix, parsePrefix } from '@vaportrail/net';
import t from 'tap';
import { descriptorOf, requireSocketOptions, setSocketOption } from '../../src/session/socket-option.ts';
import { setTcpMd5 } from '../../src/session/tcp-md5.ts';
import { setTtlSecurity } from '../../src/session/ttl-security.ts';

/** Why options cannot be set on this machine, or false. */
function unavailable(): string | false {
  try {
    requireSocketOptions('this test');
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}
const skip = unavailable();

t.test(
  'options are set on a socket of Node, and what the kernel refuses is an error with its number',
  { skip },
  async (t) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    t.ok((server.address() as AddressInfo).port > 0);
    const fd = descriptorOf(server);
    t.ok(fd > 2);
    setTtlSecurity(fd, false, 1);
    t.throws(() => setTtlSecurity(fd, false, 300), { name: 'SocketOptionError', errno: 22 }, 'EINVAL');
    t.throws(
      () => setSocketOption(fd, 6, 9999, new Uint8Array(4)),
      { name: 'SocketOptionError', errno: 92 },
      'ENOPROTOOPT',
    );
    t.throws(
      () => setSocketOption(9999, 0, 2, new Uint8Array(4)),
      { name: 'SocketOptionError', errno: 9 },
      'EBADF',
    );
    setTcpMd5(fd, hostPrefix('10.0.0.1'), 'secret');
    setTcpMd5(fd, parsePrefix('10.1.0.0/16'), 'secret');
    setTcpMd5(fd, hostPrefix('10.0.0.1'), '');
    setTcpMd5(fd, hostPrefix('10.0.0.1'), '');
    t.pass('removing a password that is not there is no error');
    server.close();
  },
);

t.test('without koffi a session that needs it says how to get it, and others do not miss it', async (t) => {
  const hide = `const Module = require('node:module'); const find = Module._resolveFilename;
    Module._resolveFilename = function (name, ...rest) {
      if (name === 'koffi') throw Object.assign(new Error("Cannot find module 'koffi'"), { code: 'MODULE_NOT_FOUND' });
      return find.call(this, name, ...rest);
    };`;
  const folder = t.testdir({ 'hide.cjs': hide });
  const index = fileURLToPath(new URL('../../src/index.js', import.meta.url));
  const script = `import { Session } from ${JSON.stringify(index)};
    const handlers = { established() {}, update() {}, routeRefresh() {}, down() {} };
    const settings = { local: { asn: 1, routerId: 1 }, peer: { address: '10.0.0.2', asn: 2 }, families: ['inet'] };
    new Session(settings, handlers);
    try { new Session({ ...settings, password: 'x' }, handlers); } catch (error) { console.log(error.message); }
    try { new Session({ ...settings, ttlSecurity: 1 }, handlers); } catch (error) { console.log(error.message); }`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--require',
    `${folder}/hide.cjs`,
    '--input-type=module',
    '--eval',
    script,
  ]);
  const needs = process.platform === 'linux' ? 'the optional package koffi: npm install koffi' : 'Linux';
  t.match(stdout.split('\n'), [
    `TCP MD5 with 10.0.0.2 needs ${needs}`,
    `TTL security with 10.0.0.2 needs ${needs}`,
  ]);
});
