import t from 'tap';
import { columns, Table } from '../../src/text/table.ts';

t.test('a table leaves out the columns in which nobody says anything', async (t) => {
  const rows = [
    { a: 'x', b: undefined, n: 5 },
    { a: 'longer', b: undefined, n: 12345 },
  ];
  t.equal(
    columns(
      [
        { title: 'A', cell: (row) => row.a },
        { title: 'B', cell: (row) => row.b },
        { title: 'N', cell: (row) => row.n, align: 'right' },
      ],
      rows,
    ),
    ['A           N', 'x           5', 'longer  12345'].join('\n'),
  );
});

t.test('a table without rows has all its headings', async (t) => {
  t.equal(
    columns(
      [
        { title: 'NAME', cell: String },
        { title: 'ID', cell: String, align: 'right' },
      ],
      [],
    ),
    'NAME  ID',
  );
});

t.test('a table goes on with single rows, which make its columns wider', async (t) => {
  let asked = 0;
  const table = new Table<readonly string[]>([
    { title: 'NAME', cell: ([name]) => (asked++, name) },
    { title: 'NOTE', cell: ([, note]) => note },
    { title: 'N', cell: ([, , n]) => n, align: 'right' },
  ]);
  t.equal(
    table.text([
      ['a', '', '1'],
      ['bb', '', '2'],
    ]),
    'NAME  N\na     1\nbb    2',
  );
  asked = 0;
  t.equal(table.row(['ccccc', '', '3']), 'ccccc  3');
  t.equal(table.row(['d', 'new', '4']), 'd      new   4', 'a column comes in');
  t.equal(table.row(['e', '', '12']), 'e            12', 'and stays');
  t.equal(asked, 3, 'those before are not looked at again');
});
