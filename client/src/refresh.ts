/** How often this screen is redrawn a second, measured once. */

const PAINTS = 20;

let measured = 0;

/** 0 until measured, which takes about half a second of a visible tab. */
export const refresh_hz = (): number => measured;

export function measureRefresh(): void {
  const gaps: number[] = [];
  let last = 0;
  const paint = (now: number): void => {
    if (last > 0) gaps.push(now - last);
    last = now;
    if (gaps.length < PAINTS) return void requestAnimationFrame(paint);
    gaps.sort((a, b) => a - b);
    const median = gaps[PAINTS / 2] ?? 0;
    measured = median > 0 ? Math.min(1000, Math.round(10_000 / median) / 10) : 0;
  };
  requestAnimationFrame(paint);
}
