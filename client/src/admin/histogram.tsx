/** How often a figure was how large, as bars: one for each step. */

import { useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { number } from './format.ts';
import { AXIS, colour, FROM_NOTHING, THREE, usePlot } from './plot.ts';

interface Props {
  title: string;
  /** What is said beside the title. */
  note: string;
  /** The upper end of each step; the last step is what is above them. */
  ends: string[];
  counts: number[];
  /** Whether what is in that step is as it should not be. */
  bad: (step: number) => boolean;
}

export function Histogram({ title, note, ends, counts, bad }: Props) {
  const shown = useRef(ends);
  shown.current = ends;
  const paths = uPlot.paths.bars?.({ size: [0.86, 60] });
  const bars = { width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
  const home = usePlot(
    120,
    (element) => ({
      scales: {
        x: { time: false, range: () => [-0.6, shown.current.length + 0.6] },
        y: FROM_NOTHING,
      },
      axes: [
        {
          ...AXIS,
          size: 24,
          grid: { show: false },
          // The end of a step stands between its bar and the next.
          splits: () => shown.current.map((_, i) => i + 0.5),
          values: () =>
            shown.current.map((end, i) =>
              element.clientWidth < 36 * shown.current.length && i % 2 ? '' : end,
            ),
        },
        {
          ...AXIS,
          size: 44,
          grid: { stroke: colour('--line'), width: 1 },
          splits: THREE,
          values: (_u, at) => at.map((n) => short.format(n)),
        },
      ],
      series: [{}, { fill: colour('--accent'), ...bars }, { fill: colour('--poor'), ...bars }],
    }),
    [
      counts.map((_, i) => i),
      counts.map((n, i) => (bad(i) ? 0 : n)),
      counts.map((n, i) => (bad(i) ? n : 0)),
    ],
  );

  const all = counts.reduce((a, b) => a + b, 0);
  return (
    <figure class="chart">
      <figcaption>
        <strong>{title}</strong> <span class="soft">{all ? note : 'nothing yet'}</span>
      </figcaption>
      <div ref={home} aria-hidden="true" />
      <div class="unseen">
        <table>
          <caption>{title}</caption>
          <tbody>
            {counts.map((n, i) => (
              <tr key={i}>
                <th scope="row">{i < ends.length ? `up to ${ends[i]}` : 'more'}</th>
                <td>{number(n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

const short = new Intl.NumberFormat(undefined, { notation: 'compact' });
