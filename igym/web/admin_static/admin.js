/**
 * Shows /admin/overview.json in the page and asks for it again each second. Knows no column: the
 * page says with attributes what goes where, relative to the item of the list it is in.
 *
 *   data-text="field" [data-as="age|clock|percent|owner|version"]   text, never HTML
 *   data-each="list"    one copy of the <template> inside for each item, kept by its `id`,
 *                       so that what is open or focused stays so
 *   data-show="field"   shown while it is there ("!field": while it is not, or empty)
 *   data-meter, data-link   the value of a <meter>; a participant's link to that experiment
 */

const EVERY_MS = 1000;
const AFTER_ERROR_MS = 3000;

let latest = JSON.parse(document.getElementById('first').textContent);
let paused = false;

const pulse = document.getElementById('pulse');
const pause = document.getElementById('pause');
const clock = new Intl.DateTimeFormat(undefined, { dateStyle: 'short', timeStyle: 'medium' });

const as = {
  age: (ms) => duration(Math.max(0, latest.now_ms - ms) / 1000),
  clock: (ms) => clock.format(ms),
  percent: (share) => `${Math.round(share * 100)} %`,
  owner: (name) => name || 'waits for a worker',
  version: (version) => `version ${version}`,
};

function duration(seconds) {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.floor(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const there = (value) => (Array.isArray(value) ? value.length > 0 : Boolean(value));

/** Fill `element` and what is in it from `item`. A list inside has items of its own. */
function show(element, item) {
  const { text, as: form, show: when, meter, link, each } = element.dataset;
  if (text !== undefined) setText(element, form ? as[form](item[text]) : String(item[text] ?? ''));
  if (when !== undefined)
    element.hidden = when.startsWith('!') ? there(item[when.slice(1)]) : !there(item[when]);
  if (meter !== undefined) element.value = item[meter];
  if (link !== undefined) {
    element.href = `${latest.base}/e/${encodeURIComponent(item[link])}`;
    setText(element, element.href);
  }
  if (each !== undefined) return list(element, item[each] ?? []);
  for (const child of element.children) if (child.tagName !== 'TEMPLATE') show(child, item);
}

/** Writing what is there already would end a selection and be read out again. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function list(parent, items) {
  const template = parent.querySelector(':scope > template');
  const old = new Map([...parent.children].filter((c) => c !== template).map((c) => [c.dataset.key, c]));
  let before = template;
  items.forEach((item, index) => {
    const key = String(item.id ?? item.name ?? item.mode ?? item.seat ?? index);
    const row = old.get(key) ?? template.content.firstElementChild.cloneNode(true);
    old.delete(key);
    row.dataset.key = key;
    show(row, item);
    if (before.nextElementSibling !== row) before.after(row);
    before = row;
  });
  old.forEach((row) => row.remove());
}

function say(text, state) {
  setText(pulse, text);
  pulse.dataset.state = state;
}

async function refresh() {
  if (paused || document.hidden) return EVERY_MS;
  try {
    const answer = await fetch('/admin/overview.json', { signal: AbortSignal.timeout(5000) });
    if (answer.status === 401) return location.reload();
    if (!answer.ok) throw new Error((await answer.json()).text);
    latest = await answer.json();
    show(document.body, latest);
    say('Live', 'live');
    return EVERY_MS;
  } catch {
    say(`No answer since ${clock.format(latest.now_ms)}. Trying again.`, 'lost');
    return AFTER_ERROR_MS;
  }
}

async function forever() {
  setTimeout(forever, await refresh());
}

pause.addEventListener('click', () => {
  paused = !paused;
  pause.setAttribute('aria-pressed', String(paused));
  say(paused ? 'Paused' : 'Live', paused ? 'paused' : 'live');
});

show(document.body, latest);
say('Live', 'live');
forever();
