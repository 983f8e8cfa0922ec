/**
 * The canvas, its size and its loop. Knows no socket.
 *
 * `paint` is called at the display's rate while the tab is visible; the canvas keeps the
 * game's aspect inside whatever room there is.
 */

import { h } from '../dom.ts';

const SHARPEST = 2; // device pixels per CSS pixel: above, paints cost and nobody sees it

export interface Stage {
  root: HTMLElement;
  canvas: HTMLCanvasElement;
  /** In CSS pixels, whole. */
  size(): { width: number; height: number };
  /** Paints so far while the tab was visible, and those that the display left out in between. */
  paints(): { paints: number; dropped: number };
  stop(): void;
}

export type Paint = (
  c: CanvasRenderingContext2D,
  width: number,
  height: number,
  now: number,
) => void;

export function stage(aspect: number, label: string, paint: Paint): Stage {
  const canvas = h('canvas', { class: 'canvas', attrs: { role: 'img', 'aria-label': label } });
  const frame = h('div', { class: 'stage-frame' }, canvas);
  const root = h('div', { class: 'stage' }, frame);
  const c = canvas.getContext('2d', { alpha: false });
  if (!c) throw new Error('this browser has no canvas');

  let width = 0;
  let height = 0;
  const fit = (): void => {
    const { clientWidth, clientHeight } = root;
    width = Math.floor(Math.min(clientWidth, clientHeight * aspect));
    height = Math.floor(width / aspect);
    const sharp = Math.min(SHARPEST, window.devicePixelRatio || 1);
    canvas.width = Math.max(1, Math.round(width * sharp));
    canvas.height = Math.max(1, Math.round(height * sharp));
    frame.style.width = `${width}px`;
    frame.style.height = `${height}px`;
    draw(performance.now());
  };

  let usual = 0; // ms between paints, smoothed
  let last = 0;
  let paints = 0;
  let dropped = 0;
  const count = (now: number): void => {
    const gap = now - last;
    last = now;
    if (gap <= 0 || gap > 1_000) return; // the tab was hidden
    paints++;
    if (usual > 0 && gap > usual * 1.6) dropped += Math.round(gap / usual) - 1;
    usual = usual === 0 ? gap : usual + 0.02 * (Math.min(gap, usual * 2) - usual);
  };

  const draw = (now: number): void => {
    if (width <= 0 || height <= 0) return;
    const sharp = canvas.width / width;
    c.setTransform(sharp, 0, 0, sharp, 0, 0);
    paint(c, width, height, now);
  };
  const loop = (now: number): void => {
    count(now);
    draw(now);
    request = requestAnimationFrame(loop);
  };
  const watcher = new ResizeObserver(fit);
  watcher.observe(root);
  let request = requestAnimationFrame(loop);

  return {
    root,
    canvas,
    size() {
      if (width <= 0) fit(); // before the first layout was reported
      return { width, height };
    },
    paints: () => ({ paints, dropped }),
    stop() {
      cancelAnimationFrame(request);
      watcher.disconnect();
    },
  };
}
