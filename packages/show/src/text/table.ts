/** Plain tables: one line an entry, columns as wide as their widest cell, nothing that a script would trip over. */

/** A column: its heading, what it says of a row, and on which side numbers line up. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string | number | undefined;
  readonly align?: 'right';
}

/** Rows as a table with a heading; columns in which no row says anything are left out. */
export function columns<Row>(shown: readonly Column<Row>[], rows: readonly Row[]): string {
  return new Table(shown).text(rows);
}

/** A table that goes on after it has been shown: each further row costs as much as it is long, however many came before. */
export class Table<Row> {
  readonly #columns: readonly Column<Row>[];
  /** How wide each column is by now; one in which nobody has said anything is left out. */
  readonly #widths: number[];

  constructor(columns: readonly Column<Row>[]) {
    this.#columns = columns;
    this.#widths = columns.map(() => 0);
  }

  /** Rows under a heading. */
  text(rows: readonly Row[]): string {
    const lines = rows.map((row) => this.#cells(row));
    if (rows.length === 0) this.#columns.forEach(({ title }, index) => (this.#widths[index] = title.length));
    return [this.#columns.map(({ title }) => title), ...lines].map((cells) => this.#line(cells)).join('\n');
  }

  /** One more row, beneath those that were shown; a column it is the first to say something in comes in. */
  row(row: Row): string {
    return this.#line(this.#cells(row));
  }

  /** What a row says, for which there is room from then on. */
  #cells(row: Row): string[] {
    return this.#columns.map(({ title, cell }, index) => {
      const text = String(cell(row) ?? '');
      if (text !== '') this.#widths[index] = Math.max(this.#widths[index]!, title.length, text.length);
      return text;
    });
  }

  #line(cells: readonly string[]): string {
    return cells
      .flatMap((text, index) => {
        const width = this.#widths[index]!;
        if (width === 0) return [];
        return this.#columns[index]!.align === 'right' ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  }
}
