import fc from 'fast-check';
import t from 'tap';
import { answerLines } from '../src/answer-lines.ts';

async function read(chunks: readonly string[], most = 1000): Promise<string[]> {
  async function* each(): AsyncGenerator<string> {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const line of answerLines(each(), most)) lines.push(line);
  return lines;
}

t.test('lines are the same wherever the chunks end, and empty ones are nothing', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.stringMatching(/^[a-z]{0,5}$/)), fc.array(fc.nat()), async (lines, cuts) => {
      const text = lines.map((line) => `${line}\n`).join('');
      const ends = [...new Set([...cuts.map((cut) => cut % (text.length + 1)), text.length])].sort(
        (a, b) => a - b,
      );
      const chunks = ends.map((end, i) => text.slice(i === 0 ? 0 : ends[i - 1], end));
      t.strictSame(
        await read(chunks),
        lines.filter((line) => line !== ''),
      );
    }),
  );
});

t.test('a line that is too long, and one without an end, are errors', async (t) => {
  await t.rejects(read(['abc', 'def\n'], 5), { message: /more than 5 characters/ });
  await t.rejects(read(['a\nb']), { message: /in the middle of a line/ });
});
