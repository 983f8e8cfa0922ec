/** What every chart here has: its size, its colours in light and dark, and newer data. */

import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';

/** A colour of the page, as it is when something is painted. */
export const colour = (name: string) => (): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const AXIS = {
  stroke: colour('--ink-soft'),
  font: '12px system-ui',
  ticks: { show: false },
};

/** From nothing to the largest, and never so near that one looks like many. */
export const FROM_NOTHING: uPlot.Scale = {
  range: (_, _low, high) => [0, Math.max(4, high)],
};

/** Nothing, the middle and the largest. */
export const THREE = (_u: uPlot, _a: number, _low: number, high: number): number[] => [
  0,
  Math.round(high / 2),
  Math.round(high),
];

/**
 * A chart in the element that gets this ref.
 *
 * `options` is asked once; what is in there and changes has to be read from a ref.
 */
export function usePlot(
  height: number,
  options: (element: HTMLElement) => Omit<uPlot.Options, 'width' | 'height'>,
  data: uPlot.AlignedData,
) {
  const home = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const element = home.current;
    if (!element) return;
    const made = new uPlot(
      {
        legend: { show: false },
        cursor: { show: false },
        ...options(element),
        width: element.clientWidth,
        height,
      },
      latest.current,
      element,
    );
    plot.current = made;
    const sized = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height }));
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
  return home;
}
