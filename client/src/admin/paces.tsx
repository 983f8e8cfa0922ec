/** How fast live games play, by what their scenes declare. */

import { number, plural } from './format.ts';
import { Histogram } from './histogram.tsx';
import type { Seen } from './said.ts';

export function Paces({ of }: { of: Seen['games'] }) {
  const play = of.counts.reduce((a, b) => a + b, 0);
  const slow = of.bounds.filter((bound) => bound <= of.slow_below).length;
  const late = of.counts.slice(0, slow).reduce((a, b) => a + b, 0);
  return (
    <Histogram
      title="Games by fps, % of declared"
      note={`${plural(play, 'game')}, ${late ? number(late) : 'none'} below ${Math.round(of.slow_below * 100)} %`}
      ends={of.bounds.map((bound) => String(Math.round(bound * 100)))}
      counts={of.counts}
      bad={(step) => step < slow}
    />
  );
}
