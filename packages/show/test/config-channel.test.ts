import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { ConfigChannel, configNodeAddress, jsonLines } from '../src/index.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A server whose answers are made one after the other; the last one again and again. */
async function serve(t: Test, ...answers: Answer[]): Promise<{ url: string; asked: () => number }> {
  let asked = 0;
  const server = createServer((request, response) => {
    answers[Math.min(asked++, answers.length - 1)]!(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked: () => asked };
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await delay(10);
  }
}

const says =
  (...texts: string[]): Answer =>
  (_, response) => {
    response.writeHead(200);
    for (const text of texts) response.write(text);
  };
const ends =
  (...texts: string[]): Answer =>
  (_, response) =>
    response.end(texts.join(''));
const refuses =
  (status: number, body: string): Answer =>
  (_, response) => {
    response.writeHead(status);
    response.end(body);
  };

function channel(t: Test, url: string, told: (line: unknown) => void, token?: string): ConfigChannel {
  const made = new ConfigChannel({ url, token }, '/watch/x', told);
  t.teardown(() => made.close());
  made.start();
  return made;
}

t.test('lines are told as they come, cut anywhere, heartbeats are not', async (t) => {
  const { url } = await serve(t, says('{"a"', ':1}\n\n{"b":', '"é"}\n'));
  const told: unknown[] = [];
  const one = channel(t, url, (line) => told.push(line));
  await until(() => told.length === 2);
  t.same(told, [{ a: 1 }, { b: 'é' }]);
  t.same(one.view, { url, state: 'following' });
});

t.test(
  'a stream that ends, a refusal and nonsense are survived: it asks again and is told everything',
  async (t) => {
    const { url, asked } = await serve(
      t,
      ends('{"n":1}\n'),
      refuses(503, '{"error":"starting"}'),
      refuses(500, '<html>'),
      ends('not json\n'),
      (request) => request.socket.destroy(),
      says('{"n":2}\n'),
    );
    const told: unknown[] = [];
    const one = channel(t, url, (line) => told.push(line));
    await until(() => told.length === 2);
    t.same(told, [{ n: 1 }, { n: 2 }]);
    t.equal(asked(), 6);
    t.match(one.view, { state: 'following' });
    await one.close();
    const before = asked();
    await delay(300);
    t.equal(asked(), before, 'a closed channel asks no more');
  },
);

t.test('what cannot be used is shown, and what comes next is told all the same', async (t) => {
  const { url } = await serve(t, says('{"n":1}\n', '{"n":2}\n'));
  const told: unknown[] = [];
  const one = channel(t, url, (line) => {
    told.push(line);
    if (told.length === 2) throw new Error('vrfs.0.name: is bad');
  });
  await until(() => told.length === 2);
  t.same(one.view, { url, state: 'following', lastError: 'vrfs.0.name: is bad' });
});

t.test('the token is sent; nobody there, and a token refused, are named', async (t) => {
  const { url } = await serve(t, (request, response) => {
    if (request.headers.authorization === 'Bearer secret') return says('{"n":1}\n')(request, response);
    return refuses(401, '{"error":"a bearer token is needed"}')(request, response);
  });
  const told: unknown[] = [];
  channel(t, url, (line) => told.push(line), 'secret');
  await until(() => told.length === 1);
  const without = channel(t, url, () => {});
  await until(() => without.view.lastError !== undefined);
  t.match(without.view, { state: 'waiting', lastError: `${url}/watch/x: a bearer token is needed` });
  const nowhere = channel(t, 'http://127.0.0.1:1', () => {});
  await until(() => nowhere.view.lastError !== undefined);
  t.match(nowhere.view.lastError, /http:\/\/127\.0\.0\.1:1\/watch\/x: .+/);
});

t.test('a stream without a heartbeat is given up', async (t) => {
  const { url } = await serve(t, says('{"n":1}\n'));
  const lines = jsonLines(url, { signal: new AbortController().signal, silence: 50 });
  t.same((await lines.next()).value, { n: 1 });
  await t.rejects(lines.next(), /it fell silent/);
});

t.test('an address is a URL, alone or with a token', async (t) => {
  t.same(configNodeAddress.parse('http://127.0.0.1:8082'), { url: 'http://127.0.0.1:8082' });
  t.same(configNodeAddress.parse({ url: 'https://c:1/', token: 'x' }), { url: 'https://c:1/', token: 'x' });
  for (const bad of ['127.0.0.1:8082', 'http://a b', 'http://a/b', { url: 'ftp://x' }, { token: 'x' }, 5])
    t.notOk(configNodeAddress.safeParse(bad).success, JSON.stringify(bad));
});
