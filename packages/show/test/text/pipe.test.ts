import t from 'tap';
import { PipeError, pipeThrough } from '../../src/text/pipe.ts';

const text = 'one State\ntwo\nthree STATE\n';

t.test('match and except know no case and take patterns', async (t) => {
  t.equal(pipeThrough(text, ['match state']), 'one State\nthree STATE\n');
  t.equal(pipeThrough(text, [' match "^two$|three" ']), 'two\nthree STATE\n');
  t.equal(pipeThrough(text, ['except state']), 'two\n');
  t.equal(pipeThrough(text, ['match nothing']), '');
});

t.test('filters follow one another', async (t) => {
  t.equal(pipeThrough(text, ['match state', 'count']), 'Count: 2 lines\n');
  t.equal(pipeThrough(text, ['last 2', 'trim 2', 'no-more']), 'o\nree STATE\n');
  t.equal(pipeThrough(text, ['find two']), 'two\nthree STATE\n');
  t.equal(pipeThrough(text, ['find four']), '\nPattern not found\n');
  t.equal(pipeThrough('', ['count']), 'Count: 0 lines\n');
});

t.test('what cannot be done is said', async (t) => {
  t.throws(
    () => pipeThrough(text, ['mtch state']),
    new PipeError(
      '"mtch" is no filter (known: match, except, find, last, trim, count, no-more, display json, display xml)',
    ),
  );
  t.throws(() => pipeThrough(text, ['match']), PipeError);
  t.throws(() => pipeThrough(text, ['match (']), PipeError);
  t.throws(() => pipeThrough(text, ['last few']), PipeError);
});
