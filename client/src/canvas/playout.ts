/**
 * Which moment of the game to show now. Pure; knows no frame and no canvas.
 *
 * Ticks come at a steady rate and arrive with jitter. The earliest arrivals tell when tick
 * n is due; the picture runs one tick behind that, so that the next frame has usually
 * arrived before it is needed.
 */

const LATER = 0.05; // how quickly the schedule follows when ticks come late: mostly jitter
const SOONER = 0.5; // and when they come early: certainly real
const LOST_MS = 300; // a pause or a hole: start over

export class Playout {
  private zero: number | null = null; // when tick 0 was due, in ms

  constructor(private readonly tick_ms: number) {}

  /** A frame of `tick` arrived `at` (ms). */
  arrive(tick: number, at: number): void {
    const zero = at - tick * this.tick_ms;
    const late = this.zero === null ? Infinity : zero - this.zero;
    if (this.zero === null || Math.abs(late) > LOST_MS) this.zero = zero;
    else this.zero += late * (late > 0 ? LATER : SOONER);
  }

  /** How far from frame `before` to frame `tick` the picture is at `now` (ms): 0 to 1. */
  part(before: number, tick: number, now: number): number {
    if (this.zero === null || tick <= before) return 1;
    const moment = (now - this.zero) / this.tick_ms - 1;
    return Math.min(1, Math.max(0, (moment - before) / (tick - before)));
  }
}
