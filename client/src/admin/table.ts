/**
 * A long list as a table shows it: which rows, in which order, and which of them are in sight.
 * Knows no page.
 */

/** A participant's session, as the server tells of it, with what was last heard of it. */
export interface Row {
  experiment: string;
  id: string;
  participant: string;
  release: string;
  mode: string;
  wave: string;
  phase: string;
  scene: string;
  step: number;
  steps: number;
  game: string;
  seat: string;
  started_ms: number;
  entered_ms: number;
  outcome: string;
  code: string;
  cells: Record<string, string>;
  /** Seconds since it was heard of; null = not lately, or it ended. */
  ago_s: number | null;
  rtt_ms: number | null;
  /** "hidden", "blur", or "" while they look at the page. */
  away: string;
}

export type Column =
  | 'participant'
  | 'phase'
  | 'scene'
  | 'progress'
  | 'game'
  | 'rtt_ms'
  | 'ago_s'
  | 'cells'
  | 'mode'
  | 'outcome'
  | 'code'
  | 'started_ms';

export interface Sort {
  by: Column;
  down: boolean;
}

export interface Filter {
  /** Every word must be somewhere in the row. */
  words: string;
  experiment: string;
  mode: string;
  /** A phase, or "here" for everybody who has not ended; "" = all. */
  phase: string;
}

/** In the order of a visit. */
const PHASES = ['screening', 'reading', 'waiting', 'choosing', 'deciding', 'playing', 'ended'];

export const cellsOf = (row: Row): string =>
  Object.entries(row.cells)
    .map(([name, cell]) => `${name}: ${cell}`)
    .join(', ');

/** What a column is sorted by; null stands last, whichever way. */
function value(row: Row, by: Column): string | number | null {
  switch (by) {
    case 'phase':
      return PHASES.indexOf(row.phase);
    case 'progress':
      return row.steps ? row.step / row.steps : null;
    case 'cells':
      return cellsOf(row) || null;
    case 'rtt_ms':
    case 'ago_s':
      return row[by];
    case 'started_ms':
      return row.started_ms;
    default:
      return row[by] || null;
  }
}

export function sorted(rows: readonly Row[], sort: Sort): Row[] {
  const keyed = rows.map((row) => ({ row, key: value(row, sort.by) }));
  const sign = sort.down ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.key === b.key) return a.row.id < b.row.id ? -1 : 1;
    if (a.key === null) return 1;
    if (b.key === null) return -1;
    return (a.key < b.key ? -1 : 1) * sign;
  });
  return keyed.map(({ row }) => row);
}

export function filtered(rows: readonly Row[], filter: Filter): Row[] {
  const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter((row) => {
    if (filter.experiment && row.experiment !== filter.experiment) return false;
    if (filter.mode && row.mode !== filter.mode) return false;
    if (
      filter.phase === 'here' ? row.phase === 'ended' : filter.phase && row.phase !== filter.phase
    )
      return false;
    if (words.length === 0) return true;
    const text = [
      row.id,
      row.participant,
      row.phase,
      row.scene,
      row.game,
      row.seat,
      row.outcome,
      row.code,
      row.wave,
      cellsOf(row),
    ]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** Rows [first, end) of `count` that are in sight or close to it. */
export function inSight(
  count: number,
  rowPx: number,
  scrolledPx: number,
  heightPx: number,
  around = 10,
): [number, number] {
  const first = Math.max(0, Math.min(count, Math.floor(scrolledPx / rowPx) - around));
  const end = Math.min(count, Math.ceil((scrolledPx + heightPx) / rowPx) + around);
  return [first, Math.max(first, end)];
}

/** The others in the same game, by game; of those who play now. */
export function together(rows: readonly Row[]): Map<string, Row[]> {
  const made = new Map<string, Row[]>();
  for (const row of rows) {
    if (!row.game || row.phase !== 'playing') continue;
    const group = made.get(row.game);
    if (group) group.push(row);
    else made.set(row.game, [row]);
  }
  return made;
}
