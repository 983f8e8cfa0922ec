/** The bench begins where its author says, and forgets what a new version does not have. */

import { expect, test } from 'vitest';

import type { Plan } from '../src/bench/said.ts';
import { empty, first, fitting, query, wanted } from '../src/bench/setup.ts';

const plan: Plan = {
  title: 'A study',
  version: '1',
  package: 'ff',
  scenes: [
    { name: 'welcome', kind: 'page', people: 1 },
    { name: 'alone', kind: 'play', people: 1 },
    { name: 'together', kind: 'play', people: 3 },
    { name: 'thanks', kind: 'end', people: 1 },
  ],
  treatments: [{ name: 'skill', per: 'participant', cells: ['weak', 'strong'] }],
  outcomes: ['complete', 'no_partner'],
  waves: [],
};

test('there is a window for each person of the next game', () => {
  expect(first(plan).windows).toBe(1);
  expect(wanted(plan, 'together')).toBe(3);
  expect(wanted(plan, 'thanks')).toBe(1);
});

test('bots fill the seats that the windows leave empty', () => {
  expect(empty({ ...first(plan), scene: 'together', windows: 1 }, plan)).toBe(2);
  expect(empty({ ...first(plan), scene: 'together', windows: 6 }, plan)).toBe(0);
});

test('a link says scene, cells, and at the ending the outcome', () => {
  const setup = { ...first(plan), scene: 'together', cells: { skill: 'weak' } };
  expect(query(setup, plan)).toEqual({ mode: 'preview', scene: 'together', 'cell.skill': 'weak' });
  const last = { ...first(plan), scene: 'thanks', outcome: 'no_partner' };
  expect(query(last, plan)).toEqual({ mode: 'preview', scene: 'thanks', outcome: 'no_partner' });
  expect(query(first(plan), plan)).toEqual({ mode: 'preview' });
});

test('a version without the scene or the cell begins at the beginning', () => {
  const setup = { ...first(plan), scene: 'gone', cells: { skill: 'expert', other: 'x' } };
  expect(fitting(setup, plan)).toMatchObject({ scene: '', cells: {} });
  const kept = { ...first(plan), scene: 'alone', cells: { skill: 'weak' } };
  expect(fitting(kept, plan)).toEqual(kept);
});
