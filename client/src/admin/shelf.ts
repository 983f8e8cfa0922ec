/** What /admin/packages.json says: experiments and their versions. */

export type Standing = 'stored' | 'refused' | 'checked' | 'active' | 'retired';

export interface Rehearsal {
  state: 'waiting' | 'doing' | 'done' | 'failed';
  share: number;
  asked_by: string;
  asked_ms: number;
  participants: number;
  seconds: number;
  waits_s: number;
  said: Summary | Record<string, never>;
  text: string;
  hint: string;
}

type Percentiles = Record<string, number | null>;

/** What a crowd of simulated participants tells (igym/bots/report.py). */
export interface Summary {
  participants: number;
  seconds: number;
  games: number;
  finished: number;
  stuck: number;
  outcomes: Record<string, number>;
  fps_delivered: number | null;
  fps_worst: number | null;
  fps_nominal: number | null;
  frame_age_ms: Percentiles;
  action_to_frame_ms: Percentiles;
  frames_dropped: number;
  reconnects: number;
  errors: string[];
  fine: boolean;
  took_s: number;
}

export interface Version {
  package: string;
  version: string;
  title: string;
  standing: Standing;
  sent_by: string;
  sent_ms: number;
  moved_by: string;
  moved_ms: number;
  size: number;
  /** Mode -> sessions that began it. */
  people: Record<string, number>;
  /** Where one may look at it as a participant; "" until its check has passed. */
  preview: string;
  rehearsal: Rehearsal | null;
}

export interface Cell {
  cell: string;
  means: string;
  reserved: number;
  valid: number;
}

export interface Treatment {
  mode: string;
  version: string;
  name: string;
  per: string;
  /** Valid completions wanted of each cell; 0 = no quota. */
  wanted: number;
  over: number;
  cells: Cell[];
}

export interface Shelved {
  id: string;
  title: string;
  active: string;
  open: boolean;
  closed_ms: number;
  /** So many live participants at the most, and how many there are; 0 = any number. */
  cap: number;
  taken: number;
  versions: Version[];
  versions_hidden: number;
  places: Treatment[];
}

export interface Shelf {
  now_ms: number;
  most_mb: number;
  most_people: number;
  most_seconds: number;
  may_submit: boolean;
  may_release: boolean;
  may_rehearse: boolean;
  experiments: Shelved[];
}

/** How many completions a study takes, and how many it has: of the treatment that ends first. */
export function completions(places: readonly Treatment[]): { taken: number; of: number } | null {
  const limited = places
    .filter((one) => one.mode === 'live' && one.wanted > 0)
    .map((one) => ({
      taken: one.cells.reduce((sum, cell) => sum + Math.min(cell.valid, one.wanted), 0),
      of: one.wanted * one.cells.length,
    }));
  limited.sort((a, b) => a.of - a.taken - (b.of - b.taken));
  return limited[0] ?? null;
}
