/** Arrivals and endings over the last hours, as a chart. */

import uPlot from 'uplot';
import { plural } from './format.ts';
import { AXIS, colour, FROM_NOTHING, THREE, usePlot } from './plot.ts';

const hour = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

interface ChartProps {
  arrived: number[];
  ended: number[];
  step_s: number;
  now_ms: number;
}

export function Chart({ arrived, ended, step_s, now_ms }: ChartProps) {
  // Steps end now: the x of the last one moves on by whole steps.
  const end = Math.floor(now_ms / 1000 / step_s) * step_s;
  const bars = (align: 1 | -1) =>
    uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.42, 12], align }) } : {};
  const series = (label: string, fill: string, align: 1 | -1): uPlot.Series => ({
    label,
    fill: colour(fill),
    width: 0,
    points: { show: false },
    ...bars(align),
  });
  const home = usePlot(
    110,
    () => ({
      scales: { x: { range: (_, from, to) => [from - step_s, to + step_s] }, y: FROM_NOTHING },
      axes: [
        {
          ...AXIS,
          size: 24,
          grid: { show: false },
          values: (_u, at) => at.map((s) => hour.format(s * 1000)),
        },
        { ...AXIS, size: 32, grid: { stroke: colour('--line'), width: 1 }, splits: THREE },
      ],
      series: [{}, series('arrived', '--accent', -1), series('ended', '--fair', 1)],
    }),
    [arrived.map((_, i) => end - (arrived.length - 1 - i) * step_s), arrived, ended],
  );

  const sum = (of: number[]): number => of.reduce((a, b) => a + b, 0);
  const hours = (arrived.length * step_s) / 3600;
  return (
    <figure class="chart">
      <figcaption>
        <span class="key accent">{plural(sum(arrived), 'arrival')}</span>{' '}
        <span class="key fair">{plural(sum(ended), 'ending')}</span>{' '}
        <span class="soft">
          in the last {hours} h, for each {step_s / 60} min
        </span>
      </figcaption>
      <div ref={home} aria-hidden="true" />
    </figure>
  );
}
