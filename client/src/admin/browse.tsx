/** Rows of a table, a page at a time, as they are in the files. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { number } from './format.ts';
import { useNews } from './news.ts';
import { Empty, Table } from './parts.tsx';

interface Page {
  columns: string[];
  rows: (string | null)[][];
  total: number;
  at: number;
}

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

/** A moment of the server's clock is told as one; the file has milliseconds since 1970. */
const shown = (column: string, value: string): string => {
  const moment = column.endsWith('_ms') && Number(value) > 1e12;
  return moment ? whole.format(Number(value)) : value;
};

export function Browse(props: {
  path: string;
  table: string;
  most: number;
  /** Another number: rows were taken out, so ask anew. */
  stamp: number;
}) {
  const { path, table, most, stamp } = props;
  const [at, setAt] = useState(0);
  const news = useNews<Page>(`${path}/${table}.json?stamp=${stamp}`, 60_000, false, `&at=${at}`);
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.scrollIntoView({ block: 'nearest' }), []);
  const page = news.said;
  const last = page ? page.at + page.rows.length : 0;
  const id = `rows-${table}`;
  return (
    <section class="browse" aria-labelledby={`h-${id}`}>
      <div class="part-head">
        <h3 id={`h-${id}`} ref={head}>
          {table}
        </h3>
        <div class="actions small">
          <span class="soft n" role="status">
            {page && `${number(page.at + 1)} to ${number(last)} of ${number(page.total)}`}
          </span>
          <button
            type="button"
            disabled={!page || page.at === 0}
            onClick={() => page && setAt(Math.max(0, page.at - most))}
          >
            Before
          </button>
          <button
            type="button"
            disabled={!page || last >= page.total}
            onClick={() => page && setAt(page.at + most)}
          >
            After
          </button>
        </div>
      </div>
      {page && news.trouble && <p class="alert">{news.trouble}</p>}
      {!page ? (
        <Empty>{news.trouble || 'Reading …'}</Empty>
      ) : (
        <Table id={id} heads={page.columns} busy={news.busy}>
          {page.rows.map((row, i) => (
            <tr key={page.at + i}>
              {page.columns.map((column, n) => {
                const value = row[n];
                return (
                  <td key={column} class="n">
                    {value === null || value === undefined ? (
                      <span class="soft" title="null">
                        ·
                      </span>
                    ) : (
                      <span class="cell" title={value}>
                        {shown(column, value)}
                      </span>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}
