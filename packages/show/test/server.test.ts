import { createServer } from 'node:net';
import t from 'tap';

import { fetchView, postAction } from '../src/client.ts';
import { ViewError, ViewServer } from '../src/server.ts';

type Teardown = Pick<typeof t, 'teardown'>;

async function serving(t: Teardown): Promise<{ url: string; server: ViewServer }> {
  const server = new ViewServer()
    .view('/neighbors', () => [{ name: 'gateway' }])
    .view(
      '/routes',
      ({ table }) => {
        if (table === 'none.inet.0') throw new ViewError(404, 'no table none.inet.0');
        return { table };
      },
      ['table'],
    )
    .view('/broken', () => {
      throw new TypeError('secret detail');
    })
    .page('/Snh_Request', () => ({ contentType: 'text/xml', body: '<answer/>' }));
  const { port } = await server.listen();
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${port}`, server };
}

t.test('a view is JSON, and its query reaches it', async (t) => {
  const { url } = await serving(t);
  t.same(await fetchView(url, '/neighbors'), [{ name: 'gateway' }]);
  t.same(await fetchView(url, '/routes', { table: 'x.inet.0', prefix: undefined }), { table: 'x.inet.0' });
  const response = await fetch(`${url}/neighbors`);
  t.match(response.headers.get('content-type'), /^application\/json/);
  const head = await fetch(`${url}/neighbors`, { method: 'HEAD' });
  t.equal(head.status, 200);
  t.equal(await head.text(), '');
});

t.test('what cannot be answered is told as JSON', async (t) => {
  const { url } = await serving(t);
  await t.rejects(fetchView(url, '/neighbours'), { status: 404, message: /did you mean \/neighbors/ });
  await t.rejects(fetchView(url, '/routes', { tabel: 'x' }), {
    status: 400,
    message: /unknown parameter "tabel"/,
  });
  await t.rejects(fetchView(url, '/routes', { table: 'none.inet.0' }), { status: 404, message: /no table/ });
  const post = await fetch(`${url}/neighbors`, { method: 'POST' });
  t.equal(post.status, 405);
  t.equal(post.headers.get('allow'), 'GET, HEAD');
  t.match(await post.json(), { error: /read-only/ });
});

t.test('a fault of a view stays inside', async (t) => {
  const { url } = await serving(t);
  const response = await fetch(`${url}/broken`);
  t.equal(response.status, 500);
  t.notMatch(await response.text(), /secret/);
  t.same(await fetchView(url, '/neighbors'), [{ name: 'gateway' }]);
});

t.test('a page keeps its own content type', async (t) => {
  const { url } = await serving(t);
  const response = await fetch(`${url}/Snh_Request`);
  t.equal(response.headers.get('content-type'), 'text/xml');
  t.equal(await response.text(), '<answer/>');
});

t.test('an address in use is named', async (t) => {
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
  t.teardown(() => occupant.close());
  const { port } = occupant.address() as { port: number };
  await t.rejects(new ViewServer().listen({ port }), {
    message: `cannot serve views on 127.0.0.1 port ${port}: address already in use`,
  });
});

t.test('a closed server answers nobody, and closing twice does nothing', async (t) => {
  const { url, server } = await serving(t);
  await server.close();
  await server.close();
  t.equal(server.url, undefined);
  await t.rejects(fetchView(url, '/neighbors'), { message: /no daemon serves views there/ });
  await t.rejects(fetchView('not an address', '/neighbors'), { message: /is not an address/ });
});

t.test('an action is posted as JSON and answers as JSON', async (t) => {
  const { url, server } = await serving(t);
  server.action('/configuration', (body) => {
    if (body === null) throw new ViewError(400, 'nothing to set');
    return { done: body };
  });
  t.same(await postAction(url, '/configuration', { set: 'x' }), { done: { set: 'x' } });
  await t.rejects(postAction(url, '/configuration', null), /nothing to set/);
  const post = (init: RequestInit): Promise<Response> =>
    fetch(`${url}/configuration`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      ...init,
    });
  t.equal((await post({ body: '{' })).status, 400);
  t.equal((await post({ body: '{}', headers: { 'content-type': 'text/plain' } })).status, 415);
  t.equal((await post({ body: JSON.stringify('x'.repeat(70_000)) })).status, 413);
  t.equal((await fetch(`${url}/configuration`)).status, 405);
  t.equal((await fetch(`${url}/neighbors`, { method: 'POST' })).status, 405);
  server.view('/configuration', () => ['set x']);
  t.same(await fetchView(url, '/configuration'), ['set x'], 'a path may have both');
  t.same(await postAction(url, '/configuration', 1), { done: 1 });
  t.equal((await fetch(`${url}/configuration`, { method: 'PUT' })).headers.get('allow'), 'GET, HEAD, POST');
});
