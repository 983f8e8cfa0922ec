/** What each seat did and how late everything was, along an episode. A click goes there. */

import { useEffect, useRef } from 'preact/hooks';

/** What /admin/episodes/<episode>/strips.json answers: columns with a value for each tick. */
export interface Strips {
  labels: { action: string; keys: string }[];
  seats: Record<string, Columns>;
  late_ms: (number | null)[];
}

export interface Columns {
  /** Index into `labels`; as many as there are labels = one of many others. */
  actions: number[];
  /** First letter of human, bot, default, rests. */
  actors: string[];
  rewards: number[];
  rtt: (number | null)[];
  /** Ticks between what they saw and what was played. */
  lag: (number | null)[];
}

const ROW = 16;
const LATE = 44;
const GAP = 4;

/** Colours by number: the first action, mostly doing nothing, is quiet. */
export const colour = (n: number, dark: boolean): string =>
  n === 0
    ? dark
      ? '#2f3a3c'
      : '#d9dcd3'
    : `hsl(${(n * 137.5 + 20) % 360} 62% ${dark ? 62 : 45}%)`;

/** What a stretch of ticks shows: a press is seen however short it is. */
export function loudest(actions: readonly number[], from: number, to: number): number {
  const counts = new Map<number, number>();
  for (let i = from; i < to; i++) {
    const n = actions[i] ?? 0;
    if (n !== 0) counts.set(n, (counts.get(n) ?? 0) + 1);
  }
  let best = 0;
  let most = 0;
  for (const [n, count] of counts) if (count > most) [best, most] = [n, count];
  return best;
}

const highest = (
  values: readonly (number | null)[],
  from = 0,
  to = values.length,
): number | null => {
  let most: number | null = null;
  for (let i = from; i < Math.min(to, values.length); i++) {
    const value = values[i];
    if (value != null && (most === null || value > most)) most = value;
  }
  return most;
};

function draw(canvas: HTMLCanvasElement, strips: Strips, ticks: number, tick_ms: number): void {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const ink = getComputedStyle(canvas).color;
  const width = canvas.clientWidth;
  const height = canvas.clientHeight;
  const sharp = window.devicePixelRatio || 1;
  canvas.width = Math.max(1, Math.round(width * sharp));
  canvas.height = Math.max(1, Math.round(height * sharp));
  const c = canvas.getContext('2d');
  if (!c || width === 0 || ticks === 0) return;
  c.scale(sharp, sharp);
  const seats = Object.values(strips.seats);
  const stretch = (x: number): [number, number] => {
    const from = Math.floor((x / width) * ticks);
    return [from, Math.max(from + 1, Math.floor(((x + 1) / width) * ticks))];
  };
  for (let x = 0; x < width; x++) {
    const [from, to] = stretch(x);
    seats.forEach((seat, n) => {
      c.globalAlpha = seat.actors[from] === 'h' ? 1 : 0.5;
      c.fillStyle = colour(loudest(seat.actions, from, to), dark);
      c.fillRect(x, n * (ROW + GAP), 1, ROW);
    });
  }
  c.globalAlpha = 1;
  const top = seats.length * (ROW + GAP);
  const rtts = seats.flatMap((seat) => seat.rtt);
  const most = Math.max(2 * tick_ms, highest([...strips.late_ms, ...rtts]) ?? 0);
  const y = (ms: number): number => top + LATE - (Math.min(ms, most) / most) * LATE;
  c.fillStyle = dark ? '#ff8a80' : '#b3372f';
  for (let x = 0; x < width; x++) {
    const late = highest(strips.late_ms, ...stretch(x));
    if (late !== null) c.fillRect(x, y(late), 1, top + LATE - y(late));
  }
  seats.forEach((seat, n) => {
    c.strokeStyle = colour(n + 2, dark);
    c.lineWidth = 1.5;
    c.beginPath();
    for (let x = 0; x < width; x++) {
      const rtt = highest(seat.rtt, ...stretch(x));
      if (rtt !== null) c.lineTo(x, y(rtt));
    }
    c.stroke();
  });
  c.strokeStyle = ink;
  c.setLineDash([3, 3]);
  c.lineWidth = 1;
  c.beginPath();
  c.moveTo(0, y(tick_ms));
  c.lineTo(width, y(tick_ms));
  c.stroke();
}

export function Strip(props: {
  strips: Strips;
  ticks: number;
  /** The last tick that there is a picture of. */
  tick: number;
  fps: number;
  seek: (tick: number) => void;
}) {
  const { strips, ticks, tick, fps, seek } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const seats = Object.keys(strips.seats);
  useEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const again = (): void => draw(element, strips, ticks, 1000 / fps);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    const size = new ResizeObserver(again);
    size.observe(element);
    scheme.addEventListener('change', again);
    return () => {
      size.disconnect();
      scheme.removeEventListener('change', again);
    };
  }, [strips, ticks, fps]);
  const to = (event: PointerEvent): void => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    seek(((event.clientX - box.left) / box.width) * ticks);
  };
  return (
    <div class="strip">
      <ul class="strip-names" aria-hidden="true">
        {seats.map((seat) => (
          <li key={seat}>{seat}</li>
        ))}
        <li class="strip-late">late, RTT</li>
      </ul>
      <div
        class="strip-field"
        onPointerDown={(event) => {
          (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
          to(event);
        }}
        onPointerMove={(event) => event.buttons && to(event)}
      >
        <canvas
          ref={canvas}
          role="img"
          aria-label="Actions of each seat, how late ticks were, and round trips"
          style={{ height: `${seats.length * (ROW + GAP) + LATE}px` }}
        />
        <i class="strip-now" style={{ left: `${ticks ? (tick / ticks) * 100 : 0}%` }} />
      </div>
      <Legend labels={strips.labels} />
    </div>
  );
}

/** Which colour is which action; of very many only the first. */
const TOLD = 12;

function Legend({ labels }: { labels: Strips['labels'] }) {
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  return (
    <ul class="strip-legend soft">
      {labels.slice(0, TOLD).map(({ action, keys }, n) => (
        <li key={action}>
          <i style={{ background: colour(n, dark) }} /> <code>{action}</code> {keys}
        </li>
      ))}
      {labels.length > TOLD && <li>and others</li>}
      <li>bars: how late ticks began; lines: round trips; dashes: one tick</li>
    </ul>
  );
}
