/** A participant's visit from the link to the end: joins, connects, shows what the server says. */

import { Clock } from './clock.ts';
import { chime } from './chime.ts';
import { boot, join, token, Turned } from './join.ts';
import { notices } from './notices.ts';
import { probing } from './probing.ts';
import { measureRefresh, refresh_hz } from './refresh.ts';
import { isQuiet } from './screens/advance.ts';
import { card, type Choice, type Message } from './screens/card.ts';
import { landing } from './screens/landing.ts';
import { screens } from './screens/index.ts';
import type { Context, Screen, Shown } from './screens/screen.ts';
import { skeleton } from './screens/skeleton.ts';
import { shell as makeShell } from './shell/shell.ts';
import { link as makeLink, type Refusal } from './socket.ts';
import './style/main.css';
import { text } from './text.ts';
import { decodeFrame, VERSION, type State, type View } from './wire.gen.ts';

const AGAIN_MS = 2_000;
/** Refusals that pass by themselves. */
const PASSING = new Set(['unavailable', 'too_much', 'error', '']);

const page = boot();
const clock = new Clock();
let participant = '';
let state: State | null = null;
let shown: Shown<View> | null = null;
let rejoined = false;
let fresh = true; // no state has come on this connection yet: whatever comes is the truth

const shell = makeShell(() => put({ ...text.offline.blocked }, []));
const link = makeLink({
  auth: () => ({ token: participant, wire: VERSION, seen: state?.version ?? 0 }),
  online() {
    shell.online(true);
    fresh = true;
    probe();
  },
  offline: () => shell.online(false),
  refused: (why) => void turnedAway(why),
});
const probe = probing(link, clock, () => undefined);
const context: Context = { link, clock, shell, refresh_hz };

/** A card instead of a screen. The next state from the server replaces it. */
function put(message: Message, choices: Choice[]): void {
  shown?.close();
  shown = null;
  state = null;
  shell.show(card(message, choices));
}

function show(next: State): void {
  const was = state;
  if (!fresh && was && was.session === next.session && next.version < was.version) return;
  fresh = false;
  if (next.wire !== VERSION && reloadOnce()) return;
  rejoined = false;
  state = next;
  shell.phase(next.phase, next.title);
  shell.progress(next.phase === 'ended' ? next.steps : next.step, next.steps);
  if (shown && was && isSame(was, next)) return shown.update(next);

  shown?.close();
  // The table is typed view by view; here the view is whichever came.
  const screen = screens[next.view.type] as Screen<View>;
  shown = screen(context, next);
  shell.show(shown.root);
  if (was?.phase === 'waiting' && next.phase === 'playing') {
    chime();
    shell.call(text.title.matched);
  }
}

function isSame(a: State, b: State): boolean {
  if (a.session !== b.session || a.scene !== b.scene || a.view.type !== b.view.type) return false;
  if (a.view.type === 'game' && b.view.type === 'game') return a.view.game === b.view.game;
  return a.view.type !== 'survey' || a.version === b.version;
}

async function enter(): Promise<void> {
  try {
    participant = await join(page.experiment);
    link.open();
  } catch (error) {
    if (!(error instanceof Turned)) throw error;
    const again = { label: text.failed.retry, click: () => location.reload() };
    const { text: words, hint, code } = error.refused;
    const note = text.failed.code(code);
    put({ title: text.failed.joinTitle, text: words, hint, note }, error.again ? [again] : []);
  }
}

/** The socket was not let in. */
async function turnedAway({ code = '', text: words, hint }: Refusal): Promise<void> {
  if (code === 'bad_token' && !rejoined) {
    rejoined = true;
    token.forget(page.experiment);
    return enter();
  }
  if (code === 'old_client' && reloadOnce()) return;
  if (PASSING.has(code)) return void setTimeout(() => link.open(), AGAIN_MS);
  const reload = { label: text.failed.reload, click: () => location.reload() };
  put(
    {
      title: text.failed.title,
      text: words ?? text.failed.unreachable,
      hint: hint ?? '',
      note: text.failed.code(code),
    },
    [reload],
  );
}

/** Fetch the client that belongs to this server; false if that was just tried. */
function reloadOnce(): boolean {
  const key = 'igym:reloaded';
  const now = Date.now();
  if (now - Number(sessionStorage.getItem(key) ?? 0) < 30_000) return false;
  sessionStorage.setItem(key, String(now));
  location.reload();
  return true;
}

document.title = page.title || text.loading;
shell.show(skeleton());
measureRefresh();
notices(link);

link.on('state', show);
link.on('lobby', (said) => state?.scene === said.scene && shown?.lobby?.(said));
link.on('episode', (said) => shown?.episode?.(said));
link.on('frame', (said) => shown?.frame?.(decodeFrame(said)));
link.on('refused', (said) => isQuiet(said) || shell.toast(said.text, said.hint));
link.on('replaced', () => {
  link.close();
  const here = { label: text.replaced.button, click: () => link.open() };
  put({ title: text.replaced.title, text: text.replaced.text }, [here]);
});

if (page.problem) {
  const { code, text: words, hint } = page.problem;
  put({ title: text.failed.joinTitle, text: words, hint, note: text.failed.code(code) }, []);
} else if (page.experiments) {
  document.title = text.index.title;
  shell.show(landing(page.experiments));
} else {
  void enter();
}
