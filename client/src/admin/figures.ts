/** What the overview counts, from what the server says. Knows no page. */

import type { Experiment, Mode, Seen } from './said.ts';

/** A step of the funnel: how many ever came so far. */
export interface Step {
  label: string;
  count: number;
}

/** Modes in the order in which they matter. */
const ORDER = ['live', 'pilot', 'preview', 'rehearsal'];

export const rank = (mode: string): number => {
  const at = ORDER.indexOf(mode);
  return at < 0 ? ORDER.length : at;
};

export const arrived = (m: Mode): number => m.ever['arrived'] ?? 0;

/** Of whoever arrived, how many got how far. A step that a study does not have is left out. */
export function steps(mode: Mode): Step[] {
  const all: [string, string, boolean][] = [
    ['arrived', 'Arrived', true],
    ['screened', 'Passed screening', false],
    ['consented', 'Consented', false],
    ['waiting', 'Waited for others', false],
    ['playing', 'Played', true],
    ['ended', 'Ended', true],
  ];
  return all
    .map(([name, label, always]) => ({ label, count: mode.ever[name] ?? 0, always }))
    .filter(({ count, always }) => always || count > 0)
    .map(({ label, count }) => ({ label, count }));
}

/** Where those are who have not ended: only where somebody is. */
export function standing(mode: Mode): [string, number][] {
  const all: [string, number][] = [
    ['screening', mode.screening],
    ['reading', mode.reading + mode.deciding],
    ['waiting', mode.waiting + mode.choosing],
    ['playing', mode.playing],
  ];
  return all.filter(([, count]) => count > 0);
}

/** Half of the waits that ended with a match took at most so many s; null = none did, or longer. */
export function usualWait(waits: Record<string, number>): number | null {
  const known = Object.entries(waits).map(([most, n]): [number, number] => [Number(most), n]);
  const all = known.reduce((sum, [, n]) => sum + n, 0);
  let so_far = 0;
  for (const [most, n] of known.sort((a, b) => (a[0] || Infinity) - (b[0] || Infinity))) {
    so_far += n;
    if (so_far * 2 >= all) return Number.isFinite(most) ? most : null;
  }
  return null;
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
    here: sum(seen.experiments, (m) => standing(m).reduce((n, [, count]) => n + count, 0)),
    waiting: sum(seen.experiments, (m) => m.waiting + m.choosing),
    playing: sum(seen.experiments, (m) => m.playing),
    games: seen.games.total,
    load: loads.length ? loads.reduce((a, b) => a + b, 0) / loads.length : null,
    problems: seen.problems.total,
  };
}
