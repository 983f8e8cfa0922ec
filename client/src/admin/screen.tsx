/** The participants' picture inside an admin's page. Knows neither socket nor file. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { Images } from '../canvas/images.ts';
import { Scene } from '../play/scene.ts';
import { stage } from '../play/stage.ts';
import '../style/watch.css';
import type { Frame } from '../wire.gen.ts';
import { Id } from './parts.tsx';

/** Of a game, whatever there is to be known to paint it. */
export interface Shown {
  game: string;
  title: string;
  fps: number;
  aspect: number;
  background: string;
  marks: Record<string, string>;
  assets: string[];
  assets_at: string;
}

/** What is painted; `begin` forgets what was, for a picture from another moment. */
export class Picture {
  scene: Scene;

  constructor(
    private readonly shown: Shown,
    private readonly images: Images,
    private readonly fps: number,
  ) {
    this.scene = this.made();
  }

  private made(): Scene {
    const { game, background, marks } = this.shown;
    return new Scene({ game, background, marks, fps: this.fps, seat: '' }, this.images);
  }

  hear(frame: Frame): boolean {
    return this.scene.hear(frame) === 'shown';
  }

  catchUp(frames: readonly Frame[]): void {
    this.scene.catchUp(frames);
  }

  begin(): void {
    this.scene.stop();
    this.scene = this.made();
  }
}

/**
 * A stage that paints what `ready`'s picture was told. `fps` is that of the ticks as they come: for a
 * replay that runs faster than the game it is more than the game's.
 */
export function Screen(props: {
  shown: Shown;
  fps: number;
  label: string;
  /** Called once images are there; returns what to do when the picture is gone. */
  ready: (picture: Picture) => () => void;
}) {
  const { shown, fps, label, ready } = props;
  const host = useRef<HTMLDivElement>(null);
  const [missing, setMissing] = useState<string[]>([]);
  const images = useRef<Images | null>(null);
  useEffect(() => {
    images.current ??= new Images(shown.assets_at);
    const picture = new Picture(shown, images.current, fps);
    const field = stage(shown.aspect, label, (c, width, height, now) =>
      picture.scene.paint(c, width, height, now),
    );
    host.current?.replaceChildren(field.root);
    let over = false;
    let gone = (): void => undefined;
    void images.current
      .load(shown.assets, () => undefined)
      .then((names) => {
        if (over) return;
        setMissing(names);
        gone = ready(picture);
      });
    return () => {
      over = true;
      gone();
      field.stop();
      picture.scene.stop();
    };
  }, [shown, fps, label, ready]);
  return (
    <>
      <div class="screen" style={{ aspectRatio: `${shown.aspect}` }} ref={host} />
      {missing.length > 0 && <p class="alert">Images that did not come: {missing.join(', ')}</p>}
    </>
  );
}

/** Whose view it is, where there are several people. */
export function Seats(props: {
  seats: string[];
  names: Record<string, string>;
  /** Seat -> the session of who sits there. */
  people?: Record<string, string>;
  chosen: string;
  choose: (seat: string) => void;
}) {
  if (props.seats.length < 2) return null;
  return (
    <div class="choice" role="group" aria-label="As seen by">
      {props.seats.map((seat) => (
        <button
          key={seat}
          type="button"
          aria-pressed={seat === props.chosen}
          onClick={() => props.choose(seat)}
        >
          {called(seat, props.names)} {props.people?.[seat] && <Id id={props.people[seat]} />}
        </button>
      ))}
    </div>
  );
}

/** A seat, with what it is called on people's screens where that is something else. */
export const called = (seat: string, names: Record<string, string>): string =>
  names[seat] && names[seat] !== seat ? `${seat} (${names[seat]})` : seat;

/** Toggle full screen of whatever surrounds the stage. */
export function full(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.querySelector('.theatre')?.requestFullscreen();
}
