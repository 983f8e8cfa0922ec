/** A participant's visit from the link to the end: joins, connects, shows what the server says. */

import { Clock } from './clock.ts';
import { chime } from './chime.ts';
import { boot, join, token, Turned } from './join.ts';
import { Inbox } from './mail/inbox.ts';
import { draftOf, draftOfReply, kept } from './mail/kept.ts';
import { Outgoing, type Letter } from './mail/outgoing.ts';
import { notices } from './notices.ts';
import { presence } from './presence.ts';
import { probing } from './probing.ts';
import { measureRefresh, refresh_hz } from './refresh.ts';
import { isQuiet, taken } from './screens/advance.ts';
import { card, type Choice, type Message } from './screens/card.ts';
import { landing } from './screens/landing.ts';
import { screens } from './screens/index.ts';
import type { Context, Screen, Shown } from './screens/screen.ts';
import { skeleton } from './screens/skeleton.ts';
import { announcements } from './shell/announcements.ts';
import { shell as makeShell } from './shell/shell.ts';
import { link as makeLink, type Refusal } from './socket.ts';
import './style/main.css';
import { speak, text } from './text.ts';
import {
  decodeFrame,
  VERSION,
  type Caution,
  type Chat,
  type Refused,
  type State,
  type View,
} from './wire.gen.ts';

const AGAIN_MS = 2_000;
const SPREAD_S = 3;
const GOT_MS = 500; // acknowledgements of reliable messages go together, twice a second at most
/** Refusals that pass by themselves. */
const PASSING = new Set(['unavailable', 'too_much', 'error', '']);

type Numbered = { event: 'chat'; seq: number; said: Chat } | NumberedCaution;
type NumberedCaution = { event: 'caution'; seq: number; said: Caution };

const page = boot();
await speak(page.language);
const clock = new Clock();
let participant = { token: '', session: '' };
let inbox = new Inbox<Numbered>(kept(''));
let state: State | null = null;
let shown: Shown<View> | null = null;
let rejoined = false;
let fresh = true; // no state has come on this connection yet: whatever comes is the truth
let got = 0; // timer of an acknowledgement that is about to go

const shell = makeShell({
  blocked: () => put({ ...text.offline.blocked }, []),
  stop: () => void import('./shell/stop.ts').then(({ askToStop }) => askToStop(context)),
});
const link = makeLink({
  auth: () => ({
    token: participant.token,
    wire: VERSION,
    seen: state?.version ?? 0,
    seq: inbox.seq,
  }),
  online() {
    shell.online(true);
    fresh = true;
    probe();
    void mail.flush();
  },
  offline: () => shell.online(false),
  refused: (why) => void turnedAway(why),
});
const probe = probing(link, clock, () => undefined);
const mail = new Outgoing(
  {
    get online() {
      return link.online && !fresh; // before the first state the server is not ready for us
    },
    send: link.once,
    pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  },
  settled,
);
const context: Context = { link, mail, clock, shell, refresh_hz };

/** What became of something said for certain; screens that are still up hear it themselves. */
function settled({ event, payload }: Letter, refused: Refused | null): void {
  if (event === 'advance' && !refused)
    draftOf(participant.session, payload.scene, payload.version).forget();
  if (event === 'reply' && !refused) draftOfReply(participant.session, payload).forget();
  if (event === 'withdraw') taken(context, refused);
}

/** A card instead of a screen. The next state from the server replaces it. */
function put(message: Message, choices: Choice[]): void {
  shown?.close();
  shown = null;
  state = null;
  shell.stoppable(false);
  shell.show(card(message, choices));
}

function show(next: State): void {
  const was = state;
  const first = fresh;
  if (!first && was && was.session === next.session && next.version < was.version) return;
  fresh = false;
  if (next.wire !== VERSION && reloadOnce()) return;
  rejoined = false;
  state = next;
  const late = inbox.state(next.seq, first);
  if (first) acknowledge();
  void mail.flush();
  check.moved(next);
  shell.phase(next.phase, next.title);
  shell.stoppable(next.stoppable);
  shell.progress(next.phase === 'ended' ? next.steps : next.step, next.steps);
  if (shown && was && isSame(was, next)) {
    shown.update(next);
  } else {
    shown?.close();
    // The table is typed view by view; here the view is whichever came.
    const screen = screens[next.view.type] as Screen<View>;
    shown = screen(context, next);
    shell.show(shown.root);
  }
  late.forEach(deliver);
  if (was?.phase === 'waiting' && next.phase === 'playing') {
    chime();
    shell.call(text.title.matched);
  }
}

function isSame(a: State, b: State): boolean {
  if (a.session !== b.session || a.scene !== b.scene || a.view.type !== b.view.type) return false;
  if (a.view.type === 'game' && b.view.type === 'game') return a.view.game === b.view.game;
  return (
    !['survey', 'quiz', 'choice', 'screening'].includes(a.view.type) || a.version === b.version
  );
}

// --- reliable messages ---------------------------------------------------------------------

function hear(message: Numbered): void {
  if (fresh) return; // of the last connection; what is missing comes after the state
  const { now, gap } = inbox.hear(message);
  now.forEach(deliver);
  if (now.length > 0) acknowledge();
  if (gap) lost();
}

function deliver(message: Numbered): void {
  if (message.event === 'chat') shown?.chat?.(message.said);
  else shown?.caution?.(message.said);
}

function acknowledge(): void {
  got ||= window.setTimeout(() => {
    got = 0;
    if (inbox.seq) link.tell('got', { seq: inbox.seq });
  }, GOT_MS);
}

let lostAt = -Infinity;
/** Something is missing before what came: the server sends it on a new connection. */
function lost(): void {
  if (performance.now() - lostAt < AGAIN_MS) return;
  lostAt = performance.now();
  link.again();
}

// --- coming in -----------------------------------------------------------------------------

async function enter(): Promise<void> {
  try {
    participant = await join(page.experiment);
    inbox = new Inbox(kept(`igym:${participant.session}:seq`));
    mail.open(kept(`igym:${participant.session}:letters`));
    shell.online(false); // from here on it counts how long a connection takes
    link.open();
  } catch (error) {
    if (!(error instanceof Turned)) throw error;
    const { text: words, hint, code } = error.refused;
    if (error.wait_s > 0) {
      // Others of the same network wait for the same second.
      setTimeout(() => void enter(), (error.wait_s + SPREAD_S * Math.random()) * 1_000);
      const soon = text.failed.byItself(error.wait_s);
      return put({ title: text.failed.waitTitle, text: words, hint: soon }, []);
    }
    const again = { label: text.failed.retry, click: () => location.reload() };
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
  const reloaded = kept<number>('igym:reloaded');
  const now = Date.now();
  if (now - (reloaded.read() ?? 0) < 30_000) return false;
  reloaded.write(now);
  location.reload();
  return true;
}

document.title = page.title || text.loading;
shell.show(skeleton());
measureRefresh();
notices(link);
const { logs } = page;
if (logs !== 'off') void import('./console.ts').then(({ collect }) => collect(link, logs));
const check = presence(context);
const spoken = announcements(
  (payload) => void mail.put({ event: 'seen', payload }),
  (title) => shell.call(title),
);

link.on('state', show);
link.on('lobby', (said) => state?.scene === said.scene && shown?.lobby?.(said));
link.on('episode', (said) => shown?.episode?.(said));
link.on('frame', (said) => shown?.frame?.(decodeFrame(said)));
link.on('chat', (said) => hear({ event: 'chat', seq: said.seq, said }));
link.on('caution', (said) => hear({ event: 'caution', seq: said.seq, said }));
link.on('announcement', spoken.hear);
link.on('check', check.asked);
link.on('renewed', (said) => {
  participant = { ...participant, token: said.token };
  token.keep(page.experiment, said.token);
});
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
} else if (!('WebSocket' in window)) {
  put({ ...text.offline.blocked }, []);
} else {
  void enter();
}
