import t from 'tap';

import { ENTRIES_OF_A_PAGE, firstPage, nextPage } from '../../src/introspect/list-pages.ts';
import { RED, controlNode } from '../running.ts';

const naming = { name: (one: string) => one };
const names = Array.from({ length: 150 }, (_, i) => `n${String(i).padStart(3, '0')}`);

t.test('pages follow each other in the order of names until there is nothing left', async (t) => {
  const shuffled = [...names].sort((a, b) => (a.slice(-1) + a < b.slice(-1) + b ? -1 : 1));
  const seen: string[] = [];
  let page = firstPage(shuffled, '', naming);
  for (;;) {
    t.ok(page.entries.length <= ENTRIES_OF_A_PAGE);
    seen.push(...page.entries);
    if (page.nextBatch === '') break;
    page = nextPage(shuffled, page.nextBatch, naming);
  }
  t.same(seen, names);
});

t.test('a page goes on with what was searched for, and without entries that have gone', async (t) => {
  const { entries, nextBatch } = firstPage(names, 'n', naming);
  t.equal(entries.at(-1), 'n063');
  t.equal(nextBatch, 'n064||n');
  const left = names.filter((name) => name !== 'n064');
  t.equal(nextPage(left, nextBatch, naming).entries[0], 'n065');
  t.same(nextPage(names, 'n14||9', naming), { entries: ['n149'], nextBatch: '' });
  t.same(nextPage(names, 'n148||||', naming), { entries: [], nextBatch: '' }, 'the rest is searched for');
});

t.test('a full page is the last one when nothing follows', async (t) => {
  t.equal(firstPage(names.slice(0, ENTRIES_OF_A_PAGE), '', naming).nextBatch, '');
  t.same(firstPage(names, 'none', naming), { entries: [], nextBatch: '' });
});

t.test('a text that no page has given is answered with nothing', async (t) => {
  for (const text of ['', 'n001', '|', 'n|x']) t.same(nextPage(names, text, naming).entries, [], text);
});

t.test('what else an entry is called finds it', async (t) => {
  const searched = (one: string): string[] => [one, `10.0.0.${Number(one.slice(1))}`];
  t.same(firstPage(names, '10.0.0.14', { ...naming, searched }).entries, ['n014', ...names.slice(140, 150)]);
});

t.test('clients that follow next_batch see every instance, and others the first page', async (t) => {
  const instances = Array.from({ length: 100 }, (_, i) => ({
    name: `default-domain:demo:net-${i}:net-${i}`,
    'route-targets': [`64512:${i + 1}`],
  }));
  const node = await controlNode(t, { 'routing-instances': instances });
  const ask = (request: string): Promise<string> =>
    fetch(`${node.url}/Snh_${request}`).then((answer) => answer.text());
  for (const [name, structure, count] of [
    ['ShowRoutingInstanceReq', 'ShowRoutingInstance', 101],
    ['ShowRoutingInstanceSummaryReq', 'ShowRoutingInstance', 101],
    ['ShowRouteSummaryReq', 'ShowRouteTableSummary', 509],
    ['ShowRtGroupReq', 'ShowRtGroupInfo', 100],
  ] as const) {
    let answer = await ask(name);
    let pages = 1;
    const seen = new Set<string>();
    for (;;) {
      const entry = new RegExp(`<${structure}><(?:name|rtarget) [^>]*>([^<]+)<`, 'g');
      for (const [, one] of answer.matchAll(entry)) seen.add(one!);
      const next = /<next_batch type="string" identifier="2" link="(\w+)">([^<]+)</.exec(answer);
      if (next === null) break;
      t.equal(next[1], `${name}Iterate`);
      pages++;
      answer = await ask(`${next[1]}?iterate_info=${encodeURIComponent(next[2]!)}`);
    }
    t.equal(seen.size, count, name);
    t.equal(pages, Math.ceil(count / ENTRIES_OF_A_PAGE), name);
  }
  t.match(
    await ask('ShowRoutingInstanceReqIterate?x=nonsense'),
    /<instances [^>]*><list type="struct" size="0">/,
  );
});

t.test('parameters of other releases are passed over', async (t) => {
  const node = await controlNode(t);
  const answer = await fetch(`${node.url}/Snh_ShowRoutingInstanceReq?name=red&novelty=1`);
  t.equal(answer.status, 200);
  const text = await answer.text();
  t.match(text, RED);
  t.notMatch(text, 'demo:blue');
});
