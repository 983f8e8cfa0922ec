/** Lines that were logged: kept as they come, and found again. Knows no page. */

export interface Line {
  id: string;
  at_ms: number;
  level: string;
  text: string;
  /** How many before it came too fast to be kept. */
  dropped: number;
  /** Of a browser. */
  experiment?: string;
  session?: string;
  participant?: string;
  /** Of a process: which one, and what the line is about. */
  from?: string;
  logger?: string;
  trace?: string;
  about?: Record<string, string>;
}

export interface Wanted {
  /** The least severe level. */
  level: string;
  /** A part of the id of whom or what it is about. */
  whom: string;
  /** Every word must be somewhere in the line. */
  words: string;
}

const MOST = 2_000;

/** By severity; browsers say "warn", processes "warning". */
const LEVELS = ['debug', 'info', 'warning', 'error', 'critical'];
const rank = (level: string): number => LEVELS.indexOf(level === 'warn' ? 'warning' : level);

/** `old` with what is new in `told`, oldest first, and no more than are kept. */
export function joined(old: readonly Line[], told: readonly Line[]): Line[] {
  const key = (one: Line): string => `${one.id} ${one.experiment ?? ''}`;
  const known = new Set(old.map(key));
  const fresh = told.filter((one) => !known.has(key(one)));
  if (fresh.length === 0) return old as Line[];
  return [...old, ...fresh].sort((a, b) => a.at_ms - b.at_ms).slice(-MOST);
}

/** Whom a line is about. */
export const subjects = (line: Line): [string, string][] =>
  Object.entries({
    ...(line.about ?? {}),
    ...(line.experiment ? { experiment: line.experiment } : {}),
    ...(line.participant ? { participant: line.participant } : {}),
    ...(line.session ? { session: line.session } : {}),
  });

export function found(lines: readonly Line[], wanted: Wanted): Line[] {
  const words = wanted.words.toLowerCase().split(/\s+/).filter(Boolean);
  const whom = wanted.whom.trim().toLowerCase();
  return lines.filter((line) => {
    if (rank(line.level) < rank(wanted.level)) return false;
    const about = subjects(line);
    if (whom && !about.some(([, id]) => id.toLowerCase().includes(whom))) return false;
    if (words.length === 0) return true;
    const text = [line.text, line.trace, line.from, line.logger, ...about.map(([, id]) => id)]
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}
