import { readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { commandsMarkdown } from '../src/markdown.ts';

const file = new URL('../../../../docs/commands.md', import.meta.url);

t.test('docs/commands.md is what the commands say of themselves', async (t) => {
  const text = await commandsMarkdown();
  if (process.env['UPDATE_DOCS'] === '1') writeFileSync(file, text);
  t.equal(readFileSync(file, 'utf8'), text, 'UPDATE_DOCS=1 writes it anew');
});
