/** How fast live games play, by what their scenes declare. */

import { number, plural } from './format.ts';
import { Histogram } from './histogram.tsx';
import type { Seen } from './said.ts';

/** Below this part of what is declared people notice. Also in services/games/listing.py. */
const SLOW_BELOW = 0.9;

export function Paces({ of }: { of: Seen['games'] }) {
  const play = of.counts.reduce((a, b) => a + b, 0);
  const slow = of.bounds.filter((bound) => bound <= SLOW_BELOW).length;
  const late = of.counts.slice(0, slow).reduce((a, b) => a + b, 0);
  return (
    <Histogram
      title="Games by fps, % of declared"
      note={`${plural(play, 'game')}, ${late ? number(late) : 'none'} below ${SLOW_BELOW * 100} %`}
      ends={of.bounds.map((bound) => String(Math.round(bound * 100)))}
      counts={of.counts}
      bad={(step) => step < slow}
    />
  );
}
