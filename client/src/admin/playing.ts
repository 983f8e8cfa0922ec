/** Plays a recorded episode into a picture: forwards at some speed, or from one moment to another. */

import type { Frame } from '../wire.gen.ts';
import type { Reel } from './reel.ts';

/** What is played into. */
export interface Canvas {
  begin(): void;
  hear(frame: Frame): void;
  catchUp(frames: readonly Frame[]): void;
}

export interface Told {
  tick: number;
  playing: boolean;
  /** Waiting for a piece that is on its way. */
  waits: boolean;
  trouble: string;
}

/** The longest step of the clock that is played: a hidden tab does not run ahead. */
const LONGEST_S = 0.25;
/** So many seconds ahead are fetched. */
const AHEAD_S = 4;

export class Playing {
  private at = 0; // where in the episode, in ticks, with parts
  private told: Told;
  private seeking = 0; // rises with every jump: an older one that is done is not shown
  private last_ms: number | null = null;

  constructor(
    private readonly reel: Reel,
    private readonly canvas: Canvas,
    private readonly ticks_s: number,
    /** The last tick that there is a picture of. */
    private readonly end: number,
    private readonly tell: (told: Told) => void,
  ) {
    this.told = { tick: -1, playing: false, waits: true, trouble: '' };
  }

  private say(news: Partial<Told>): void {
    this.told = { ...this.told, ...news };
    this.tell(this.told);
  }

  /** Show that tick, whatever was shown before. */
  async seek(tick: number): Promise<void> {
    const wanted = Math.max(0, Math.min(this.end, Math.round(tick)));
    const mine = ++this.seeking;
    this.at = wanted;
    this.say({ tick: wanted, waits: true });
    try {
      await this.reel.load(wanted);
    } catch (error) {
      if (mine === this.seeking) this.say({ waits: false, playing: false, trouble: why(error) });
      return;
    }
    const frames = this.reel.to(wanted);
    if (mine !== this.seeking || !frames) return;
    this.canvas.begin();
    this.canvas.catchUp(frames);
    this.say({ waits: false, trouble: '' });
  }

  play(on: boolean): void {
    this.last_ms = null;
    if (on && this.told.tick >= this.end) void this.seek(0);
    this.say({ playing: on, trouble: on ? '' : this.told.trouble });
  }

  /** Called for every paint of the display. */
  run(now_ms: number): void {
    const passed_s = this.last_ms === null ? 0 : (now_ms - this.last_ms) / 1000;
    this.last_ms = now_ms;
    const { playing, waits, tick } = this.told;
    if (!playing || waits || tick < 0) return;
    this.at += Math.min(LONGEST_S, passed_s) * this.ticks_s;
    const target = Math.min(this.end, Math.floor(this.at));
    if (target <= tick) return;
    const frames = this.reel.between(tick, target);
    if (!frames) {
      void this.seek(tick + 1);
      return;
    }
    if (frames.length > 2) this.canvas.catchUp(frames);
    else for (const frame of frames) this.canvas.hear(frame);
    this.say({ tick: target, playing: target < this.end });
    const ahead = Math.min(this.end, target + this.ticks_s * AHEAD_S);
    this.reel.load(ahead).catch(() => undefined); // it is asked for again when it is needed
  }
}

const why = (error: unknown): string =>
  error instanceof Error ? error.message : 'A part of the film did not come.';
