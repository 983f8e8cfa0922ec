/**
 * How far the server's clock is from this browser's, and how long a round trip takes.
 * Knows no socket.
 *
 * An offset is only as good as its round trip is short, so of the last few probes the
 * fastest one speaks. The round trip itself is smoothed for showing.
 */

const WINDOW = 15; // probes, about 30 s: short enough to follow a clock that drifts or jumps
const SMOOTH = 0.3; // weight of the newest round trip

/** Milliseconds since the Unix epoch on this browser's clock; never jumps back. */
export const now_ms = (): number => performance.timeOrigin + performance.now();

/** The same, for an event's `timeStamp`. */
export const at_ms = (stamp: number): number => performance.timeOrigin + stamp;

export class Clock {
  private probes: { rtt: number; offset: number }[] = [];
  private smooth: number | null = null;

  /** One probe came back. All three in ms; `server` on the server's clock. */
  hear(sent: number, server: number, received: number): void {
    const rtt = Math.max(0, received - sent);
    this.probes.push({ rtt, offset: server - (sent + rtt / 2) });
    if (this.probes.length > WINDOW) this.probes.shift();
    this.smooth = this.smooth === null ? rtt : this.smooth + SMOOTH * (rtt - this.smooth);
  }

  /** Forget everything: the other end may be another server now. */
  reset(): void {
    this.probes = [];
    this.smooth = null;
  }

  /** Round trip in ms, smoothed; null before the first probe. */
  get rtt(): number | null {
    return this.smooth;
  }

  /** Server minus browser in ms; null before the first probe. */
  get offset(): number | null {
    let best: { rtt: number; offset: number } | null = null;
    for (const probe of this.probes) if (!best || probe.rtt <= best.rtt) best = probe;
    return best?.offset ?? null;
  }

  /** The server's clock now, as well as it is known. */
  server(now = now_ms()): number {
    return now + (this.offset ?? 0);
  }
}
