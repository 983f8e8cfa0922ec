/** Lengths of time as people read them. */

import { text } from './text.ts';

/** 83,000 -> "1:23" */
export function clockTime(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

/** 83,000 -> "1 minute", 20,000 -> "20 seconds" */
export function duration(ms: number): string {
  const s = Math.max(1, Math.round(ms / 1000));
  return s < 60 ? text.time.seconds(s) : text.time.minutes(Math.round(s / 60));
}
