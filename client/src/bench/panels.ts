/** What stands around the windows: a problem with what was saved, and the data so far. */

import { h } from '../dom.ts';
import type { Data, Plan, Problem } from './said.ts';

/** A save that did not do, as the terminal says it too. */
export function trouble(problem: Problem, plan: Plan | null): HTMLElement {
  const place = problem.line ? `${problem.file}:${problem.line}` : problem.file;
  const kept = plan
    ? `The windows below are of the last good version, ${plan.package.slice(0, 8)}.`
    : 'Nothing is open yet. Save a file to try again.';
  return h(
    'section',
    { class: 'trouble', attrs: { role: 'alert' } },
    h('h2', { text: 'What you saved cannot be opened' }),
    h('p', {}, place && h('code', { text: place }), ` ${problem.message}`),
    problem.hint && h('p', { class: 'hint', text: problem.hint }),
    problem.trace && problem.code === 'raised' && h('pre', { text: problem.trace.trim() }),
    h('p', { class: 'soft', text: kept }),
  );
}

function figure(title: string, svg: string): HTMLElement {
  const parsed = new DOMParser().parseFromString(svg, 'image/svg+xml').documentElement;
  return h('figure', {}, h('figcaption', { text: title }), document.importNode(parsed, true));
}

/** Rows of each table and three plots; the files are those of a real study. */
export function dataPanel(data: Data | undefined): HTMLElement {
  if (!data) {
    return h('div', { class: 'data' }, h('p', { class: 'soft', text: 'Looking at the tables…' }));
  }
  const rows = Object.entries(data.rows);
  if (rows.length === 0) {
    const words =
      'Nothing is recorded yet. Play a game in a window: the tables are a few seconds behind.';
    return h('div', { class: 'data' }, h('p', { class: 'soft', text: words }));
  }
  const numbers = h(
    'table',
    {},
    h('caption', { text: 'Rows so far' }),
    h(
      'tbody',
      {},
      ...rows.map(([name, count]) =>
        h(
          'tr',
          {},
          h('th', { text: name, attrs: { scope: 'row' } }),
          h('td', { text: count.toLocaleString('en') }),
        ),
      ),
    ),
  );
  return h(
    'div',
    { class: 'data' },
    ...data.plots.map((plot) => figure(plot.title, plot.svg)),
    h(
      'div',
      { class: 'rows' },
      numbers,
      h('p', { class: 'soft' }, h('code', { text: data.folder })),
    ),
  );
}
