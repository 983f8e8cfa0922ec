/**
 * The bench of `igym run`: an author sees every side of their experiment at once, and what they
 * save a moment later. Decides nothing: it opens windows and asks the server for the rest.
 */

import { h, say } from '../dom.ts';
import '../style/bench.css';
import { controls } from './controls.ts';
import { dataPanel, trouble } from './panels.ts';
import { ask, listen, type Said } from './said.ts';
import { fitting, query, recall, remember, type Setup } from './setup.ts';
import { windows } from './windows.ts';

const DATA_MS = 5_000; // tables are a few seconds behind anyway

const boot = JSON.parse(document.getElementById('igym')?.textContent || '{}') as {
  bench?: Said;
  problem?: { text: string; hint: string };
};

let said: Said | null = null;
let setup: Setup | null = null;
let opened = ''; // the package that is in the windows
let showing: 'windows' | 'data' = 'windows';
let drawn = { controls: '', problem: '', data: '' };
let asked = 0;

const title = h('h1');
const version = h('span', { class: 'tag' });
const pulse = h('p', { class: 'pulse', attrs: { role: 'status' } });
const toolbar = h('div', { class: 'toolbar' });
const alarm = h('div');
const panes = windows();
const data = h('div', { class: 'data-home', attrs: { hidden: '' } });
const links = h('nav', { class: 'links', attrs: { 'aria-label': 'Links' } });

const tabs = h('div', { class: 'tabs', attrs: { role: 'tablist' } });
for (const [name, label] of [
  ['windows', 'Windows'],
  ['data', 'Data'],
] as const) {
  tabs.append(
    h('button', {
      id: `tab-${name}`,
      text: label,
      attrs: { type: 'button', role: 'tab', 'aria-selected': String(name === showing) },
      on: { click: () => turn(name) },
    }),
  );
}

function turn(to: 'windows' | 'data'): void {
  showing = to;
  for (const tab of tabs.children)
    tab.setAttribute('aria-selected', String(tab.id === `tab-${to}`));
  panes.root.hidden = to !== 'windows';
  data.hidden = to !== 'data';
  asked = 0;
  look();
}

/** Open the windows anew, and let the bots come that belong to them. */
function start(): void {
  if (!said?.plan || !setup) return;
  opened = said.plan.package;
  const where = query(setup, said.plan);
  panes.open(
    `/e/${encodeURIComponent(said.experiment)}?${new URLSearchParams(where)}`,
    setup.windows,
  );
  void ask(said.experiment, 'bots', { count: setup.bots, query: where });
}

function set(next: Setup): void {
  if (!said) return;
  setup = next;
  remember(said.experiment, next);
  start();
  draw();
}

/** Ask for the data while they are looked at. */
function look(): void {
  if (!said || showing !== 'data' || Date.now() - asked < DATA_MS) return;
  asked = Date.now();
  void ask(said.experiment, 'data');
  draw();
}

function draw(): void {
  if (!said) return;
  const { plan, problem } = said;
  document.title = `${plan?.title ?? said.experiment} · bench`;
  say(title, plan?.title ?? said.experiment);
  say(version, plan ? `${plan.version} · ${plan.package.slice(0, 8)}` : 'not open');
  if (plan && setup) {
    const now = JSON.stringify([plan, setup]);
    if (now !== drawn.controls) {
      drawn.controls = now;
      const focus = document.activeElement?.getAttribute('aria-label');
      toolbar.replaceChildren(controls(plan, setup, set, start));
      // A stepper that was pressed is still under the finger.
      if (focus) toolbar.querySelector<HTMLElement>(`[aria-label="${focus}"]`)?.focus();
      const pilot = plan.waves.map((wave) => `&wave=${encodeURIComponent(wave)}`)[0] ?? '';
      const link = `${said.link}?mode=pilot${pilot}`;
      links.replaceChildren(
        h('span', { text: 'Pilot link' }),
        h('a', { text: link, attrs: { href: `${link}&new`, target: '_blank', rel: 'noopener' } }),
      );
    }
  }
  const wrong = problem ? JSON.stringify(problem) : '';
  if (wrong !== drawn.problem) {
    drawn.problem = wrong;
    alarm.replaceChildren(...(problem ? [trouble(problem, plan)] : []));
  }
  const seen = `${said.data?.at_ms ?? ''}`;
  if (showing === 'data' && seen + '!' !== drawn.data) {
    drawn.data = seen + '!';
    data.replaceChildren(dataPanel(said.data));
  }
}

function hear(news: Said | null): void {
  document.body.classList.toggle('away', news === null);
  if (!news) {
    say(pulse, 'igym run has stopped or is starting again');
    return;
  }
  said = news;
  if (news.plan) {
    setup = setup ? fitting(setup, news.plan) : recall(news.experiment, news.plan);
    if (opened !== news.plan.package) start();
  }
  const at = news.tried_ms ? new Date(news.tried_ms).toLocaleTimeString() : '';
  const bots = news.bots ? ` · ${news.bots} bot${news.bots > 1 ? 's' : ''}` : '';
  const took = news.took_s === undefined ? '' : ` in ${news.took_s.toFixed(1)} s`;
  say(pulse, news.problem ? `Not opened at ${at}${bots}` : `Opened at ${at}${took}${bots}`);
  look();
  draw();
}

document.body.className = 'bench';
if (boot.bench) {
  document.body.prepend(
    h('header', { class: 'top' }, h('div', { class: 'name' }, title, version), pulse, tabs),
    toolbar,
    alarm,
    h('main', {}, panes.root, data),
    links,
  );
  hear(boot.bench);
  listen(boot.bench.experiment, hear);
} else {
  document.title = 'No bench here';
  document.body.prepend(h('main', {}, h('p', { text: boot.problem?.text ?? 'Nothing here.' })));
}
