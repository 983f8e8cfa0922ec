/** Figures as people read them. Knows no page. */

const clockTime = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
const count = new Intl.NumberFormat();

export const number = (n: number): string => count.format(n);

export const percent = (share: number): string => `${Math.round(share * 100)} %`;

/** How long, in the two units that matter. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  const minutes = Math.floor(s / 60);
  if (minutes < 60) return `${minutes} min ${s % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

/** The time of day; with the date where it was not today. */
export function clock(ms: number, now_ms: number): string {
  const today = new Date(ms).toDateString() === new Date(now_ms).toDateString();
  return (today ? clockTime : whole).format(ms);
}

export const plural = (n: number, one: string, more = `${one}s`): string =>
  `${number(n)} ${n === 1 ? one : more}`;

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** How much there is to store, in three digits. */
export function bytes(n: number): string {
  let unit = 0;
  while (n >= 999.5 && unit < UNITS.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${unit && n < 99.5 ? n.toFixed(n < 9.95 ? 1 : 0) : Math.round(n)} ${UNITS[unit]}`;
}

/** How long ago, as people say it. */
export const ago = (seconds: number): string =>
  seconds < 5 ? 'just now' : `${duration(seconds)} ago`;
