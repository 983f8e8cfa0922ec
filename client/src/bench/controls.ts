/** The bench's toolbar: where to begin, in which cells, how many windows and bots. */

import { h } from '../dom.ts';
import type { Plan } from './said.ts';
import { empty, KINDS, MOST_WINDOWS, type Setup } from './setup.ts';

type Option = [value: string, label: string];

function choice(label: string, options: Option[], value: string, pick: (value: string) => void) {
  const select = h(
    'select',
    { attrs: { 'aria-label': label }, on: { change: () => pick(select.value) } },
    ...options.map(([of, text]) => h('option', { text, attrs: { value: of } })),
  );
  select.value = value;
  return h('label', { class: 'field' }, h('span', { text: label }), select);
}

function stepper(
  label: string,
  value: number,
  least: number,
  most: number,
  set: (n: number) => void,
) {
  const change = (by: number, sign: string, what: string) =>
    h('button', {
      text: sign,
      attrs: {
        type: 'button',
        'aria-label': `${what} ${label.toLowerCase()}`,
        ...(value + by < least || value + by > most ? { disabled: '' } : {}),
      },
      on: { click: () => set(value + by) },
    });
  return h(
    'div',
    { class: 'field', attrs: { role: 'group', 'aria-label': label } },
    h('span', { text: label }),
    h(
      'div',
      { class: 'stepper' },
      change(-1, '−', 'Fewer'),
      h('output', { text: String(value) }),
      change(1, '+', 'More'),
    ),
  );
}

/** The toolbar for this setup; `set` is called with another, `again` to begin anew with this. */
export function controls(
  plan: Plan,
  setup: Setup,
  set: (next: Setup) => void,
  again: () => void,
): HTMLElement {
  const scenes: Option[] = [
    ['', 'Where participants begin'],
    ...plan.scenes.map(({ name, kind }): Option => [name, `${name} · ${KINDS[kind]}`]),
  ];
  const atEnd = plan.scenes.find((scene) => scene.name === setup.scene)?.kind === 'end';
  const outcomes = plan.outcomes.length > 0 ? plan.outcomes : ['complete'];
  const seats = empty(setup, plan);
  return h(
    'div',
    { class: 'controls' },
    choice('Begin at', scenes, setup.scene, (scene) => set({ ...setup, scene })),
    atEnd &&
      choice(
        'Outcome',
        outcomes.map((each): Option => [each, each]),
        setup.outcome,
        (outcome) => set({ ...setup, outcome }),
      ),
    ...plan.treatments.map(({ name, cells }) =>
      choice(
        name,
        [['', 'by chance'], ...cells.map((cell): Option => [cell, cell])],
        setup.cells[name] ?? '',
        (cell) => {
          const { [name]: _, ...others } = setup.cells;
          set({ ...setup, cells: cell ? { ...others, [name]: cell } : others });
        },
      ),
    ),
    stepper('Windows', setup.windows, 1, MOST_WINDOWS, (windows) => set({ ...setup, windows })),
    stepper('Bots', setup.bots, 0, 20, (bots) => set({ ...setup, bots })),
    h('button', {
      class: 'button quiet small',
      text: 'Fill empty seats with bots',
      attrs: { type: 'button', ...(seats === setup.bots ? { disabled: '' } : {}) },
      on: { click: () => set({ ...setup, bots: seats }) },
    }),
    h('button', {
      class: 'button primary small',
      text: 'Start again',
      attrs: { type: 'button', title: 'New participants in every window' },
      on: { click: again },
    }),
  );
}
