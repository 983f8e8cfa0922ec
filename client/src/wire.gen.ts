// Generated from igym/wire/__init__.py; redo with: python -m igym.wire.typescript --write

/** A server of another version tells this client to reload. */
export const VERSION = 6;

export type Json = unknown;

/** What a participant is doing. */
export type Phase =
  /** device and connection are looked at; no scene is shown before */
  | 'screening'
  /** a page, survey or quiz is on screen; they move on themselves */
  | 'reading'
  /** in a lobby */
  | 'waiting'
  /** between two scenes: an author's function is asked which one it is */
  | 'deciding'
  /** waited in vain: wait on, play with a policy, or finish */
  | 'choosing'
  /** has a seat in a game */
  | 'playing'
  /** final: has an outcome and, where one is declared, a code */
  | 'ended';

/** The participant has finished this page, survey or quiz. */
export interface Advance {
  scene: string;
  /** the `State.version` on screen, so that a double click advances once */
  version: number;
  /** item name -> value */
  answers?: Record<string, Json>;
  /** item name -> first shown, first and last changed; browser, 0 = never */
  times?: Record<string, [number, number, number]>;
}

/** The game screen is up: send frames. Sent again after every reconnect. */
export interface Ready {
  game: string;
  /** of the stage on screen */
  width_px: number;
  height_px: number;
  /** as measured; 0 = not measured */
  refresh_hz?: number;
  /** browser clock: when this game's screen was made; 0 = not told */
  opened_ms?: number;
}

/**
 * What is held down now, and every edge and move since the last `Keys`. *array*, the hot path.
 *
 * Sent at every change, and five times a second as a sign of life while a game is on.
 */
export interface Keys {
  game: string;
  /** the client's own counter of `Keys`, from 1, per page load */
  count: number;
  /** tick of the frame last painted; -1 = none yet */
  seen: number;
  /** bit i = the i-th key of `GameView.keys` */
  held: number;
  /** (key index, went down?, browser clock) */
  edges: [number, boolean, number][];
  /** whether the tab is in the background */
  hidden: boolean;
  /** where each device is now (x, y, pressed?); away or in its middle if not listed */
  spots: [number, number, number, boolean][];
  /** where they were since the last `Keys`, with the browser's clock; thinned out */
  moves: [number, number, number, boolean, number][];
}

/** `Keys` as it travels. */
export type KeysArray = [
  game: string,
  count: number,
  seen: number,
  held: number,
  edges: [number, boolean, number][],
  hidden: boolean,
  spots: [number, number, number, boolean][],
  moves: [number, number, number, boolean, number][],
];

export function encodeKeys(it: Keys): KeysArray {
  return [it.game, it.count, it.seen, it.held, it.edges, it.hidden, it.spots, it.moves];
}

/** A round trip is measured. Acknowledged with `Probed`. About once in 2 s. */
export interface Probe {
  /** browser clock */
  sent_ms: number;
  /** of the previous probe */
  rtt_ms?: number | null;
  /** server minus browser */
  offset_ms?: number | null;
}

/** How well a game's screen keeps up. About once in 10 s of a game, and as it closes. */
export interface Painted {
  game: string;
  /** browser clock: `Ready.opened_ms` */
  opened_ms: number;
  /** since then, while the tab was visible */
  paints: number;
  /** that the display had room for in between, and were not made */
  dropped: number;
}

/** Something the data should know about: the tab was hidden, a script failed. */
export interface Notice {
  kind: 'blur' | 'error' | 'focus' | 'hidden' | 'visible';
  /** browser clock */
  at_ms: number;
  detail?: string;
}

/** What the console of the browser said, where the page asks for it. Once a second at most. */
export interface Logged {
  /** level, browser clock, text */
  lines: (['debug' | 'error' | 'info' | 'warn', number, string])[];
  /** lines before these that were too many */
  dropped?: number;
}

/** What the browser found out about itself, for `ScreeningView`. The server judges. */
export interface Screened {
  /** of the `State` on screen */
  version: number;
  device: 'desktop' | 'phone' | 'tablet';
  /** small letters: "chrome", "firefox", … */
  browser: string;
  /** of the window */
  width_px: number;
  height_px: number;
  rtt_ms: number[];
  /** kilobits a second; 0 = not measured */
  kbps?: number;
}

/** The answer to `Check`: somebody is there. */
export interface Here {
  proposal: string;
}

/** An option of `ChoiceView`. */
export interface Choose {
  /** of the `State` on screen */
  version: number;
  option: string;
}

/** A line of chat. Sent again until it is acknowledged; `count` makes that harmless. */
export interface Say {
  game: string;
  /** the client's own: ChatView.said + 1, + 2, ... */
  count: number;
  text: string;
}

/** The answers to `Episode.ask`. The first that arrive for an episode are those that count. */
export interface Reply {
  game: string;
  /** AskView.name */
  ask: string;
  episode: number;
  /** as in `Advance` */
  answers?: Record<string, Json>;
  times?: Record<string, [number, number, number]>;
}

/** The participant stops taking part. Final. */
export interface Withdraw {
  /** whether what was recorded so far may be used */
  keep: boolean;
}

/** Every reliable message up to `seq` has arrived; the server forgets them. */
export interface Got {
  seq: number;
}

/** An `Announcement` is on screen, or was read and put away. Said twice, it is as once. */
export interface Seen {
  id: string;
  read: boolean;
}

/** Device and connection are looked at. Answer with `Screened`. */
export interface ScreeningView {
  type: 'screening';
  /** round trips to measure */
  probes: number;
  /** to download from /api/probe for the bandwidth; 0 = do not */
  bytes: number;
}

/** A page to read. `html` was sanitised when the package was compiled. */
export interface PageView {
  type: 'page';
  html: string;
  button: string;
  /** why it is shown again, above it */
  note: string;
}

/** A form. `form` is SurveyJS JSON. */
export interface SurveyView {
  type: 'survey';
  form: Record<string, Json>;
}

/** A form whose answers are judged by the server. What is right is not in here. */
export interface QuizView {
  type: 'quiz';
  form: Record<string, Json>;
  /** from 1; above, the last one was not right */
  attempt: number;
  attempts: number;
  /** items that were wrong in the last attempt, where that is told */
  wrong: string[];
  /** item of `wrong` -> the author's sentence */
  explain: Record<string, string>;
}

/** What comes next is being decided. The next state follows in a moment. */
export interface DecidingView {
  type: 'deciding';
}

/** Waiting for others. */
export interface LobbyView {
  type: 'lobby';
  title: string;
  /** people in a group */
  wanted: number;
  /** people here now, this one included; 0 where nothing is shown */
  waiting: number;
  /** place in the queue, from 1; 0 where it is not shown */
  position: number;
  /** which of these to show */
  shows: 'count' | 'nothing' | 'position';
  since_ms: number;
  /** when waiting ends without a partner */
  until_ms: number;
  /** images and atlases of the game, to load while waiting */
  assets: string[];
  /** address that ends with / */
  assets_at: string;
}

/** One way to go on. */
export interface ChoiceOption {
  /** wait on, play with a policy, go to the ending */
  name: 'again' | 'bot' | 'finish';
}

/** Nobody came. Answer with `Choose`. */
export interface ChoiceView {
  type: 'choice';
  /** of the game */
  title: string;
  options: ChoiceOption[];
  waited_ms: number;
  /** when "finish" is taken for them */
  until_ms: number;
}

/** One on-screen button: holding it holds `keys`. */
export interface TouchKey {
  label: string;
  /** indices into GameView.keys */
  keys: number[];
  /** which thumb */
  side: 'left' | 'right';
}

/** What somebody wrote. */
export interface ChatLine {
  /** from 1 within the game */
  line: number;
  seat: string;
  text: string;
  at_ms: number;
}

/** The chat of a game as far as it got: the last lines. */
export interface ChatView {
  lines: ChatLine[];
  /** the highest `Say.count` the server has of this participant in this game */
  said: number;
  /** of one line */
  most_chars: number;
}

/** One button of a gamepad: holding it holds `keys`. */
export interface PadButton {
  /** of the standard gamepad; 17 to 20 are the left stick up, down, left, right */
  button: number;
  /** indices into GameView.keys */
  keys: number[];
}

/** What this participant is asked between the episodes of a game. */
export interface AskView {
  name: string;
  /** SurveyJS JSON */
  form: Record<string, Json>;
  /** the episodes for which the server has their answers */
  answered: number[];
}

/** A game. Answer with `Ready` once it can be painted. */
export interface GameView {
  type: 'game';
  game: string;
  title: string;
  /** one line: how to play */
  help: string;
  /** KeyboardEvent.key values; the bit order of `Keys.held` */
  keys: string[];
  touch: TouchKey[];
  /** stage width / height */
  aspect: number;
  /** CSS colour of the stage */
  background: string;
  /** ticks a second */
  fps: number;
  /** the most there can be, practice included */
  episodes: number;
  /** the participant's seat */
  seat: string;
  /** seat -> label to show */
  seats: Record<string, string>;
  /** seat -> id of the drawn object that is "you" for that seat */
  marks: Record<string, string>;
  /** None = there is none in this game */
  chat: ChatView | null;
  /** whether it matters where the pointer is */
  pointer: boolean;
  buttons: PadButton[];
  /** whether it matters where the sticks of a gamepad are */
  sticks: boolean;
  asks: AskView[];
  /** images and atlases to load before the game, below `assets_at` */
  assets: string[];
  /** address that ends with / */
  assets_at: string;
}

/** It is over. `code` is the completion code for this outcome, "" where there is none. */
export interface EndView {
  type: 'end';
  html: string;
  outcome: string;
  code: string;
  /** "" or the address to go on to */
  redirect: string;
  /** a sentence on why it ended here, "" where the page says it all */
  reason: string;
}

export type View = ScreeningView | PageView | SurveyView | QuizView | DecidingView | LobbyView | ChoiceView | GameView | EndView;

/** The whole truth about the participant. Sent on connect and after every move. */
export interface State {
  /** VERSION of the server */
  wire: number;
  /** rises by one with every move */
  version: number;
  phase: Phase;
  experiment: string;
  title: string;
  session: string;
  scene: string;
  /** scenes behind, for the progress bar */
  step: number;
  /** scenes in all */
  steps: number;
  view: View;
  /** name of the web worker, for bug reports */
  server: string;
  /** reliable messages up to this one are in here */
  seq: number;
  /** whether "stop taking part" is offered */
  stoppable: boolean;
}

/** The number of people waiting has changed. */
export interface Lobby {
  scene: string;
  waiting: number;
  wanted: number;
  /** place in the queue, from 1; 0 where it is not shown */
  position: number;
}

/** Where the game stands between ticks. */
export interface Episode {
  game: string;
  generation: number;
  /** from 0 */
  episode: number;
  /** it does not count */
  practice: boolean;
  /** from 1, among the practice episodes or among those that count */
  round: number;
  /** so many of these; 0 = a condition ends them */
  rounds: number;
  stage: 'asking' | 'between' | 'countdown' | 'held' | 'over' | 'paused' | 'playing' | 'waiting';
  /** of the next change of stage; 0 = not known */
  starts_ms: number;
  /** author's sentence, may be "" */
  text: string;
  away: string[];
  /** AskView.name of what is being asked; "" = nothing */
  ask: string;
  /** seat -> sum of rewards over the finished episodes that count */
  scores: Record<string, number>;
  /** seats that act next, where seats take turns; else empty */
  turns: string[];
  /** what the author says to this participant between two episodes */
  words: string;
  /** a policy plays in this seat, by the word of who runs the study */
  benched: boolean;
}

/**
 * What to paint. *array*, the hot path.
 *
 * A keyframe (`base` = -1) replaces everything. Otherwise it changes the frame of tick
 * `base`; a client that does not have it waits for the keyframe that follows. A frame of
 * a lower (generation, episode) than the last is a ghost and is dropped.
 *
 * `objects` is a flat list: handle, change, handle, change, ... A change is a map of
 * field number (see `igym.sim.draw.FIELDS`) to value; with field 0 (the kind) in it
 * the object is new. Coordinates are integers, 10,000 to the stage's width or height.
 */
export interface Frame {
  game: string;
  generation: number;
  episode: number;
  /** steps taken: 0 is the frame after reset */
  tick: number;
  /** when it was encoded, server clock, modulo 2**32 */
  at_ms: number;
  /** the tick this changes; -1 = keyframe */
  base: number;
  /** per human seat, in seat order: `Keys.count` acted on at this tick */
  acks: number[];
  objects: Json[];
  /** handles that are no longer there */
  gone: number[];
  /** text above the stage; None = unchanged */
  hud: string | null;
}

/** `Frame` as it travels. */
export type FrameArray = [
  game: string,
  generation: number,
  episode: number,
  tick: number,
  at_ms: number,
  base: number,
  acks: number[],
  objects: Json[],
  gone: number[],
  hud: string | null,
];

export function decodeFrame(array: FrameArray): Frame {
  const [game, generation, episode, tick, at_ms, base, acks, objects, gone, hud] = array;
  return { game, generation, episode, tick, at_ms, base, acks, objects, gone, hud };
}

/** Is somebody there? A match waits for it. Answer with `Here`. */
export interface Check {
  proposal: string;
  until_ms: number;
  /** whether a person has to press a button; else a visible page answers by itself */
  asks: boolean;
}

/** Somebody wrote a line. Reliable. */
export interface Chat {
  seq: number;
  game: string;
  line: ChatLine;
}

/** A limit of the game is about to be crossed, or is respected again. Reliable. */
export interface Caution {
  seq: number;
  game: string;
  kind: 'hidden' | 'idle' | 'rtt';
  on: boolean;
  /** when the scene's rule acts; 0 where `on` is false */
  until_ms: number;
}

/** Who runs the study says something. Sent again with each connection, until it was read. */
export interface Announcement {
  /** the same id is the same words */
  id: string;
  /** plain, may have line breaks */
  text: string;
}

/** A fresh token for the same session; the old one ends some day. */
export interface Renewed {
  token: string;
}

/** The answer to `Probe` (as its acknowledgement). */
export interface Probed {
  /** the browser's own, echoed */
  sent_ms: number;
  server_ms: number;
}

/** A request was turned down; nothing changed. As an acknowledgement, or on its own. */
export interface Refused {
  code: string;
  /** a sentence for the participant */
  text: string;
  /** what to do now */
  hint: string;
}

/** The participant went on in another tab or on another device; this one is idle now. */
export interface Replaced {}

/** Event -> payload, browser to server. */
export interface FromBrowser {
  advance: Advance;
  ready: Ready;
  keys: KeysArray;
  probe: Probe;
  painted: Painted;
  notice: Notice;
  logged: Logged;
  screened: Screened;
  here: Here;
  choose: Choose;
  say: Say;
  reply: Reply;
  withdraw: Withdraw;
  got: Got;
  seen: Seen;
}

/** Event -> payload, server to browser. */
export interface FromServer {
  state: State;
  lobby: Lobby;
  episode: Episode;
  frame: FrameArray;
  check: Check;
  chat: Chat;
  caution: Caution;
  announcement: Announcement;
  renewed: Renewed;
  probed: Probed;
  refused: Refused;
  replaced: Replaced;
}

/** Coordinates are integers, so many to the stage's width or height. */
export const GRID = 10000;

/** What an object is: field 0 is an index into this. */
export const KINDS = ['rect', 'circle', 'ellipse', 'line', 'polygon', 'arc', 'text', 'sprite', 'picture'] as const;

/** Field number -> what it says of an object; see igym/sim/draw.py. */
export const FIELDS = [
  'kind',
  'x',
  'y',
  'w',
  'h',
  'r',
  'points',
  'fill',
  'stroke',
  'line',
  'text',
  'size',
  'angle',
  'span',
  'depth',
  'align',
  'snap',
  'name',
  'image',
  'frame',
  'opacity',
  'flip',
  'data',
] as const;
