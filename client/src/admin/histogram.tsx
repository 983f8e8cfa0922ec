/** How often a figure was how large, as bars: one for each step. */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { number } from './format.ts';

const HEIGHT = 120;

const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

interface Props {
  title: string;
  /** What is said beside the title. */
  note: string;
  /** The upper end of each step; the last step is what is above them. */
  ends: string[];
  counts: number[];
  /** From this step on it is too much. */
  bad: number;
}

export function Histogram({ title, note, ends, counts, bad }: Props) {
  const home = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const x = counts.map((_, i) => i);
  const data: uPlot.AlignedData = [
    x,
    counts.map((n, i) => (i < bad ? n : 0)),
    counts.map((n, i) => (i < bad ? 0 : n)),
  ];
  const latest = useRef({ data, ends });
  latest.current = { data, ends };

  useEffect(() => {
    const element = home.current;
    if (!element) return;
    const paths = uPlot.paths.bars?.({ size: [0.86, 60] });
    const bars = { width: 0, points: { show: false }, ...(paths ? { paths } : {}) };
    const axis = { stroke: colour('--ink-soft'), font: '12px system-ui', ticks: { show: false } };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => [-0.6, latest.current.ends.length + 0.6] },
          y: { range: (_, _low, high) => [0, Math.max(4, high)] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            grid: { show: false },
            // The end of a step stands between its bar and the next.
            splits: () => latest.current.ends.map((_, i) => i + 0.5),
            values: () =>
              latest.current.ends.map((end, i) =>
                element.clientWidth < 36 * latest.current.ends.length && i % 2 ? '' : end,
              ),
          },
          {
            ...axis,
            size: 44,
            grid: { stroke: colour('--line'), width: 1 },
            splits: (_u, _a, _low, high) => [0, Math.round(high / 2), Math.round(high)],
            values: (_u, at) => at.map((n) => short.format(n)),
          },
        ],
        series: [{}, { fill: colour('--accent'), ...bars }, { fill: colour('--poor'), ...bars }],
      },
      latest.current.data,
      element,
    );
    plot.current = made;
    const sized = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    sized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const redraw = () => made.redraw();
    scheme.addEventListener('change', redraw);
    return () => {
      sized.disconnect();
      scheme.removeEventListener('change', redraw);
      made.destroy();
    };
  }, []);
  const drawn = JSON.stringify(data);
  useEffect(() => plot.current?.setData(latest.current.data), [drawn]);

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
