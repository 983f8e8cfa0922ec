/** What the overview counts, from what the server says. Knows no page. */

import type { Experiment, Mode, Seen } from './said.ts';

/** A step of the funnel: how many came so far, and how many stand there now. */
export interface Step {
  label: string;
  count: number;
  note: string;
}

/** Modes in the order in which they matter. */
const ORDER = ['live', 'pilot', 'preview', 'rehearsal'];

export const rank = (mode: string): number => {
  const at = ORDER.indexOf(mode);
  return at < 0 ? ORDER.length : at;
};

export const arrived = (m: Mode): number =>
  m.screening + m.reading + m.waiting + m.deciding + m.choosing + m.playing + m.ended;

/** Where everybody who ever arrived is now, in the order of a visit. */
export function steps(mode: Mode): Step[] {
  return [
    { label: 'Arrived', count: arrived(mode), note: 'in all' },
    { label: 'Screening', count: mode.screening, note: 'now' },
    { label: 'Reading', count: mode.reading + mode.deciding, note: 'now' },
    { label: 'Waiting', count: mode.waiting + mode.choosing, note: 'now' },
    { label: 'Playing', count: mode.playing, note: 'now' },
    { label: 'Ended', count: mode.ended, note: 'in all' },
  ];
}

/** How it ended, the most frequent first. */
export const outcomes = (mode: Mode): [string, number][] =>
  Object.entries(mode.outcomes).sort((a, b) => b[1] - a[1] || a[0].localeCompare(b[0]));

export interface Totals {
  here: number;
  waiting: number;
  playing: number;
  games: number;
  /** Mean load of the game workers, 0..1; null without one. */
  load: number | null;
  problems: number;
}

const sum = (experiments: Experiment[], of: (m: Mode) => number): number =>
  experiments.reduce((all, one) => all + one.modes.reduce((n, m) => n + of(m), 0), 0);

export function totals(seen: Seen): Totals {
  const loads = seen.workers.map((one) => one.load);
  return {
    here: sum(seen.experiments, (m) => arrived(m) - m.ended),
    waiting: sum(seen.experiments, (m) => m.waiting + m.choosing),
    playing: sum(seen.experiments, (m) => m.playing),
    games: seen.games_total,
    load: loads.length ? loads.reduce((a, b) => a + b, 0) / loads.length : null,
    problems: seen.problems.length,
  };
}
