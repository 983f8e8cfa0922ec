/** Arrivals and endings over the last hours, as a chart. */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { plural } from './format.ts';

const HEIGHT = 110;

const hour = new Intl.DateTimeFormat(undefined, { timeStyle: 'short' });

const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

interface ChartProps {
  arrived: number[];
  ended: number[];
  step_s: number;
  now_ms: number;
}

export function Chart({ arrived, ended, step_s, now_ms }: ChartProps) {
  const home = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  // Steps end now: the x of the last one moves on by whole steps.
  const end = Math.floor(now_ms / 1000 / step_s) * step_s;
  const data: uPlot.AlignedData = [
    arrived.map((_, i) => end - (arrived.length - 1 - i) * step_s),
    arrived,
    ended,
  ];
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = home.current;
    if (!element) return;
    const bars = (align: 1 | -1) =>
      uPlot.paths.bars ? { paths: uPlot.paths.bars({ size: [0.42, 12], align }) } : {};
    const axis = { stroke: colour('--ink-soft'), font: '12px system-ui', ticks: { show: false } };
    const made = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { range: (_, from, to) => [from - step_s, to + step_s] },
          y: { range: (_, _low, high) => [0, Math.max(4, high)] },
        },
        axes: [
          {
            ...axis,
            size: 24,
            grid: { show: false },
            values: (_u, at) => at.map((s) => hour.format(s * 1000)),
          },
          {
            ...axis,
            size: 32,
            grid: { stroke: colour('--line'), width: 1 },
            splits: (_u, _a, _low, high) => [0, Math.round(high / 2), Math.round(high)],
          },
        ],
        series: [
          {},
          {
            label: 'arrived',
            fill: colour('--accent'),
            width: 0,
            points: { show: false },
            ...bars(-1),
          },
          {
            label: 'ended',
            fill: colour('--fair'),
            width: 0,
            points: { show: false },
            ...bars(1),
          },
        ],
      },
      latest.current,
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
  useEffect(() => plot.current?.setData(latest.current), [drawn]);

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
