/**
 * Pictures that an environment rendered: decoded beside the painting, the newest is shown.
 * Knows no canvas and no frame; how a JPEG is decoded is told to it.
 */

export type Bitmap = Pick<ImageBitmap, 'close'> & CanvasImageSource;

export class Film {
  /** What to paint; undefined before the first. */
  picture: Bitmap | undefined;

  private jpeg: ArrayBuffer | null = null; // the newest that was asked for
  private asked = 0;
  private shown = 0; // number of the one in `picture`
  private episode = -1;
  private tick = -1;
  private stopped = false;

  constructor(private readonly decode: (jpeg: ArrayBuffer) => Promise<Bitmap>) {}

  /** This came with the frame of that tick. The same bytes object again is not decoded again. */
  develop(jpeg: ArrayBuffer, episode: number, tick: number): void {
    if (jpeg === this.jpeg) return;
    this.jpeg = jpeg;
    const mine = ++this.asked;
    this.decode(jpeg).then(
      (bitmap) => {
        // Two can be decoded at once, and the later may be done first.
        if (this.stopped || mine < this.shown) return bitmap.close();
        this.picture?.close();
        this.picture = bitmap;
        this.shown = mine;
        this.episode = episode;
        this.tick = tick;
      },
      () => {
        this.shown = Math.max(this.shown, mine); // a broken one: the next will do
      },
    );
  }

  /** The tick that somebody looks at when the frame of `tick` is painted; -1 = none of it yet. */
  seen(episode: number, tick: number): number {
    if (this.shown >= this.asked) return tick;
    return this.episode === episode ? this.tick : -1;
  }

  stop(): void {
    this.stopped = true;
    this.picture?.close();
    this.picture = undefined;
  }
}
