/** What a screen is. Knows no screen in particular. */

import type { Clock } from '../clock.ts';
import type { Shell } from '../shell/shell.ts';
import type { Link } from '../socket.ts';
import type { Outgoing } from '../mail/outgoing.ts';
import type { Caution, Chat, Episode, Frame, Lobby, State, View } from '../wire.gen.ts';

/** A `State` whose view is known. */
export type StateOf<V extends View> = State & { view: V };

/** What every screen is given. */
export interface Context {
  link: Link;
  /** For what must reach the server, whatever happens meanwhile. */
  mail: Outgoing;
  clock: Clock;
  shell: Shell;
  /** The screen's refresh rate in Hz; 0 until measured. */
  refresh_hz(): number;
}

/** A screen that is up. */
export interface Shown<V extends View> {
  root: HTMLElement;
  /** The same scene again: after a reconnect, or because something in it has changed. */
  update(state: StateOf<V>): void;
  lobby?(said: Lobby): void;
  episode?(said: Episode): void;
  frame?(said: Frame): void;
  chat?(said: Chat): void;
  caution?(said: Caution): void;
  /** Take down timers and listeners; the shell removes `root`. */
  close(): void;
}

export type Screen<V extends View> = (context: Context, state: StateOf<V>) => Shown<V>;

/** Every view the server can send has a screen, or this does not compile. */
export type Screens = { [T in View['type']]: Screen<Extract<View, { type: T }>> };
