import { describe, expect, test } from 'vitest';
import { outcomes, standing, steps, totals, usualWait } from '../src/admin/figures.ts';
import { duration } from '../src/admin/format.ts';
import { after } from '../src/admin/people.ts';
import type { Mode, Seen } from '../src/admin/said.ts';
import { filtered, inSight, sorted, together, type Filter, type Row } from '../src/admin/table.ts';

const row = (id: string, more: Partial<Row> = {}): Row => ({
  experiment: 'study',
  id,
  participant: `p-${id}`,
  release: '1',
  mode: 'live',
  wave: '',
  phase: 'reading',
  scene: 'welcome',
  step: 0,
  steps: 4,
  game: '',
  seat: '',
  started_ms: 0,
  entered_ms: 0,
  outcome: '',
  code: '',
  cells: {},
  ago_s: null,
  rtt_ms: null,
  away: '',
  ...more,
});
const all: Filter = { words: '', experiment: '', mode: '', phase: '' };
const ids = (rows: Row[]): string => rows.map((one) => one.id).join(' ');

describe('sorting', () => {
  test('a state stands in the order of a visit, and not of the alphabet', () => {
    const rows = [
      row('a', { phase: 'ended' }),
      row('b', { phase: 'playing' }),
      row('c', { phase: 'reading' }),
      row('d', { phase: 'screening' }),
    ];
    expect(ids(sorted(rows, { by: 'phase', down: false }))).toBe('d c b a');
    expect(ids(sorted(rows, { by: 'phase', down: true }))).toBe('a b c d');
  });

  test('numbers are sorted as numbers, and what is not known stands last both ways', () => {
    const rows = [row('a', { rtt_ms: 100 }), row('b'), row('c', { rtt_ms: 20 })];
    expect(ids(sorted(rows, { by: 'rtt_ms', down: false }))).toBe('c a b');
    expect(ids(sorted(rows, { by: 'rtt_ms', down: true }))).toBe('a c b');
  });

  test('equals keep their order, whatever order they came in', () => {
    const rows = ['b', 'a', 'c'].map((id) => row(id));
    expect(ids(sorted(rows, { by: 'mode', down: false }))).toBe('a b c');
    expect(ids(sorted([...rows].reverse(), { by: 'mode', down: false }))).toBe('a b c');
    expect(ids(rows)).toBe('b a c');
  });
});

describe('filtering', () => {
  const rows = [
    row('a', { scene: 'together', phase: 'playing', cells: { skill: 'Weak' } }),
    row('b', { mode: 'pilot', phase: 'ended', outcome: 'complete', code: 'C0FFEE' }),
    row('c', { experiment: 'other' }),
  ];

  test('every word must be somewhere, in either case', () => {
    expect(ids(filtered(rows, { ...all, words: 'weak TOGETHER' }))).toBe('a');
    expect(ids(filtered(rows, { ...all, words: 'weak complete' }))).toBe('');
    expect(ids(filtered(rows, { ...all, words: 'c0ffee' }))).toBe('b');
  });

  test('words are no pattern', () => {
    expect(ids(filtered(rows, { ...all, words: '.*' }))).toBe('');
  });

  test('experiment, mode and state each narrow it', () => {
    expect(ids(filtered(rows, { ...all, experiment: 'other' }))).toBe('c');
    expect(ids(filtered(rows, { ...all, mode: 'pilot' }))).toBe('b');
    expect(ids(filtered(rows, { ...all, phase: 'playing' }))).toBe('a');
    expect(ids(filtered(rows, { ...all, phase: 'here' }))).toBe('a c');
  });
});

describe('what is in sight', () => {
  test('a few rows of thousands, and some around them', () => {
    expect(inSight(5000, 36, 0, 360, 2)).toEqual([0, 12]);
    expect(inSight(5000, 36, 36_000, 360, 2)).toEqual([998, 1012]);
    expect(inSight(5000, 36, 179_640, 360, 2)).toEqual([4988, 5000]);
  });

  test('a list that became shorter than one had scrolled shows its end', () => {
    const [first, end] = inSight(3, 36, 36_000, 360, 2);
    expect([first, end]).toEqual([3, 3]);
  });
});

test('only people who play now are together in a game', () => {
  const rows = [
    row('a', { game: 'g', phase: 'playing' }),
    row('b', { game: 'g', phase: 'playing' }),
    row('c', { game: 'g', phase: 'reading' }),
  ];
  expect(ids(together(rows).get('g') ?? [])).toBe('a b');
});

describe('news of people', () => {
  const said = (more: object) => ({
    now_ms: 1,
    everything: false,
    whole: true,
    rows: [],
    gone: [],
    seen: {},
    ...more,
  });

  test('what did not change stays the same object, so that it is not drawn again', () => {
    const old = after(new Map(), 'study', said({ everything: true, rows: [row('a'), row('b')] }));
    const now = after(old, 'study', said({ rows: [row('b', { scene: 'end' })] }));
    expect(now.get('a')).toBe(old.get('a'));
    expect(now.get('b')?.scene).toBe('end');
  });

  test('who is gone is gone, and everything means everything', () => {
    const old = after(new Map(), 'study', said({ everything: true, rows: [row('a'), row('b')] }));
    expect([...after(old, 'study', said({ gone: ['a'] })).keys()]).toEqual(['b']);
    expect([...after(old, 'study', said({ everything: true, rows: [row('c')] })).keys()]).toEqual([
      'c',
    ]);
  });

  test('where somebody looks comes with every news, and ends when they do', () => {
    const old = after(
      new Map(),
      'study',
      said({ rows: [row('a')], seen: { a: [0.5, 42, 'blur'] } }),
    );
    expect(old.get('a')).toMatchObject({ ago_s: 0.5, rtt_ms: 42, away: 'blur' });
    expect(after(old, 'study', said({})).get('a')).toMatchObject({ ago_s: null, rtt_ms: null });
  });
});

describe('figures', () => {
  const mode = (more: Partial<Mode> = {}): Mode => ({
    mode: 'live',
    screening: 1,
    reading: 2,
    waiting: 3,
    deciding: 1,
    choosing: 1,
    playing: 4,
    ended: 8,
    ever: { arrived: 20, consented: 18, playing: 9, ended: 8 },
    outcomes: { complete: 5, left: 3 },
    waits: {},
    pace: { arrived: [], ended: [] },
    ...more,
  });

  test('a step that a study does not have is left out, and one that nobody reached is not', () => {
    expect(steps(mode()).map((one) => one.label)).toEqual([
      'Arrived',
      'Consented',
      'Played',
      'Ended',
    ]);
    expect(steps(mode({ ever: { arrived: 1 } })).map((one) => one.count)).toEqual([1, 0, 0]);
    expect(outcomes(mode())).toEqual([
      ['complete', 5],
      ['left', 3],
    ]);
  });

  test('everybody who has not ended stands somewhere', () => {
    expect(standing(mode({ screening: 0 }))).toEqual([
      ['reading', 3],
      ['waiting', 4],
      ['playing', 4],
    ]);
  });

  test('the usual wait is the middle one, by time and not by the alphabet', () => {
    expect(usualWait({})).toBeNull();
    expect(usualWait({ '10': 1, '5': 1, '120': 1 })).toBe(10);
    expect(usualWait({ more: 3, '5': 1 })).toBeNull();
  });

  test('who has ended is not in the study', () => {
    const seen = {
      experiments: [{ modes: [mode(), mode()] }],
      workers: [],
      problems: { total: 3 },
    };
    const all = totals({ ...seen, games: { total: 2 } } as unknown as Seen);
    expect(all).toMatchObject({
      here: 24,
      waiting: 8,
      playing: 8,
      games: 2,
      load: null,
      problems: 3,
    });
  });

  test('a time says its two largest units', () => {
    expect([0, 59.9, 61, 3_600, 90_000, 200_000].map(duration)).toEqual([
      '0 s',
      '59 s',
      '1 min 1 s',
      '1 h 0 min',
      '25 h 0 min',
      '2 days',
    ]);
  });
});
