/** What this device and browser are, in the words of the wire. Pure; told what the browser says. */

import type { Screened } from './wire.gen.ts';

/** A finger is the main pointer below this shorter side: a phone; above: a tablet. CSS px. */
const TABLET_FROM_PX = 600;

export interface Facts {
  userAgent: string;
  /** Whether the main pointer is a finger. */
  coarse: boolean;
  screen: { width: number; height: number };
}

export function device({ userAgent, coarse, screen }: Facts): Screened['device'] {
  if (!coarse && !/Android|iPhone|iPod/.test(userAgent)) return 'desktop';
  if (/iPhone|iPod/.test(userAgent)) return 'phone';
  return Math.min(screen.width, screen.height) < TABLET_FROM_PX ? 'phone' : 'tablet';
}

// In this order: most browsers also carry the names of those they descend from.
const NAMES: [RegExp, string][] = [
  [/\bEdg(A|iOS)?\//, 'edge'],
  [/\b(OPR|Opera|OPiOS)\//, 'opera'],
  [/\bSamsungBrowser\//, 'samsung'],
  [/\bVivaldi\//, 'vivaldi'],
  [/\b(Firefox|FxiOS)\//, 'firefox'],
  [/\b((Headless)?Chrome|CriOS|Chromium)\//, 'chrome'],
  [/\bSafari\//, 'safari'],
];

/** Small letters; "other" where it is none that we know. */
export const browserName = (userAgent: string): string =>
  NAMES.find(([pattern]) => pattern.test(userAgent))?.[1] ?? 'other';

/** Kilobits a second of a download that took `ms`, without the time the question travelled. */
export function kbps(bytes: number, ms: number, rtt_ms: number): number {
  return (bytes * 8) / Math.max(1, ms - Math.min(rtt_ms, ms / 2));
}
