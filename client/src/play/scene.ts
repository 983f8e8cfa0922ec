/** Frames on a canvas: when each arrived, what is between two, and the arrow for "you". */

import { Film } from '../canvas/film.ts';
import { Frames, type Thing, type Verdict } from '../canvas/frames.ts';
import { glide } from '../canvas/glide.ts';
import { paintMarker } from '../canvas/marker.ts';
import type { Images } from '../canvas/images.ts';
import { bounds, painters, scale } from '../canvas/painter.ts';
import { Playout } from '../canvas/playout.ts';
import { text } from '../text.ts';
import { KINDS, type Frame, type GameView } from '../wire.gen.ts';

const MARK_MS = 3_000; // of each episode: long enough to find oneself, short enough to forget
const still = matchMedia('(prefers-reduced-motion: reduce)');

/** What a scene has to know of a game. Without a seat nobody is pointed out as "you". */
export type Look = Pick<GameView, 'game' | 'fps' | 'background' | 'marks' | 'seat'>;

export class Scene {
  /** Tick of the newest frame that was painted; -1 before the first. */
  seen = -1;

  private readonly frames: Frames;
  private readonly playout: Playout;
  private readonly scratch = {} as Thing;
  private readonly film = new Film((jpeg) => createImageBitmap(new Blob([jpeg])));
  private readonly painterOf: ReturnType<typeof painters>;
  private markUntil = Infinity; // performance.now() time

  constructor(
    private readonly view: Look,
    images: Images,
  ) {
    this.painterOf = painters(KINDS, {
      sprite: (image, frame) => images.sprite(image, frame),
      picture: () => this.film.picture,
    });
    this.frames = new Frames(view.game);
    this.playout = new Playout(1_000 / view.fps);
  }

  get hud(): string {
    return this.frames.hud;
  }

  hear(frame: Frame): Verdict {
    const verdict = this.frames.apply(frame);
    if (verdict === 'shown') {
      this.playout.arrive(frame.tick, performance.now());
      const jpeg = frame.objects.length > 0 ? this.frames.rendered()?.now.data : null;
      if (jpeg) this.film.develop(jpeg, frame.episode, frame.tick);
    }
    return verdict;
  }

  /** Apply all of these and show the last one: what a moment of a recording looks like. */
  catchUp(frames: readonly Frame[]): void {
    const shown = frames.filter((frame) => this.frames.apply(frame) === 'shown').at(-1);
    if (!shown) return;
    this.playout.arrive(shown.tick, performance.now());
    const jpeg = this.frames.rendered()?.now.data;
    if (jpeg) this.film.develop(jpeg, shown.episode, shown.tick);
  }

  /** Point at the participant: until further notice, or from now on for a moment. */
  point(how: 'on' | 'a moment'): void {
    this.markUntil = how === 'on' ? Infinity : performance.now() + MARK_MS;
  }

  paint(c: CanvasRenderingContext2D, width: number, height: number, now: number): void {
    c.fillStyle = this.view.background;
    c.fillRect(0, 0, width, height);
    if (this.frames.serial === 0) return;

    const [sx, sy] = scale(width, height);
    const { serial, before, tick } = this.frames;
    const part = this.playout.part(before, tick, now);
    const me = this.view.marks[this.view.seat];
    c.lineCap = 'round';
    c.lineJoin = 'round';
    for (const entry of this.frames.order()) {
      const thing = glide(entry, serial, part, this.scratch);
      this.painterOf(thing)?.(c, thing, sx, sy);
    }
    const mine = me !== undefined && now < this.markUntil ? this.frames.named(me) : undefined;
    if (mine) {
      const spot = bounds(glide(mine, serial, part, this.scratch), sx, sy);
      paintMarker(c, spot, text.game.you, height, now, this.markUntil - now, still.matches);
    }
    this.seen = this.film.seen(this.frames.episode, tick);
  }

  stop(): void {
    this.film.stop();
  }
}
