/** Device and connection are measured. There is nothing to do, and it says what is going on. */

import { now_ms } from '../clock.ts';
import { browserName, device, kbps } from '../device.ts';
import { h, say } from '../dom.ts';
import '../style/screening.css';
import { text } from '../text.ts';
import type { ScreeningView } from '../wire.gen.ts';
import { taken } from './advance.ts';
import type { Context, Screen } from './screen.ts';

const DOWNLOAD_MS = 10_000; // a connection slower than that is measured by what came
const PAUSE_MS = 60;
/** Others measure at this moment: nobody is kept out for coming together with many. */
const BUSY_MS = [700, 1_500, 3_000, 5_000, 8_000];

export const screening: Screen<ScreeningView> = (context, first) => {
  const { version, view } = first;
  let closed = false;

  const steps = h('ul', { class: 'checks' });
  const step = (label: string) => {
    const value = h('span', { class: 'check-value' });
    const item = h('li', { class: 'check' }, h('i', { class: 'check-mark' }), label, value);
    steps.append(item);
    return {
      begin: () => item.classList.add('going'),
      part: (part: number) => say(value, `${Math.round(part * 100)} %`),
      done(found: string) {
        item.classList.replace('going', 'done');
        say(value, found);
        context.shell.announce(`${label}: ${found || text.screening.done}`);
      },
    };
  };
  const machine = step(text.screening.device);
  const trips = step(text.screening.connection);
  const speed = view.bytes > 0 ? step(text.screening.speed) : null;
  const verdict = h('p', { class: 'note', attrs: { role: 'status' } });
  const root = h(
    'section',
    { class: 'card screening' },
    h('h1', { text: text.screening.title }),
    h('p', { text: text.screening.text }),
    steps,
    verdict,
  );

  const measure = async (): Promise<void> => {
    machine.begin();
    const facts = {
      userAgent: navigator.userAgent,
      coarse: matchMedia('(pointer: coarse)').matches,
      screen,
    };
    machine.done('');
    trips.begin();
    const rtt_ms = await roundTrips(context, view.probes, trips.part, () => closed);
    const median = [...rtt_ms].sort((a, b) => a - b)[rtt_ms.length >> 1] ?? 0;
    trips.done(rtt_ms.length > 0 ? text.game.latency(Math.round(median)) : '');
    speed?.begin();
    const rate = speed ? await download(view.bytes, median, speed.part) : 0;
    speed?.done(rate > 0 ? text.screening.rate(rate) : '');
    if (closed) return;
    await send({
      event: 'screened',
      payload: {
        version,
        device: device(facts),
        browser: browserName(facts.userAgent),
        width_px: window.innerWidth,
        height_px: window.innerHeight,
        rtt_ms,
        kbps: rate,
      },
    });
  };
  const send = async (letter: Parameters<Context['mail']['put']>[0]): Promise<void> => {
    say(verdict, text.screening.verdict);
    if (!taken(context, await context.mail.put(letter))) say(verdict, text.screening.refused);
  };

  // Measured before a reload, and on its way: the server judges that.
  if (context.mail.of('screened', (said) => said.version === version)) {
    for (const one of [machine, trips, speed]) {
      one?.begin();
      one?.done('');
    }
    say(verdict, text.screening.verdict);
  } else void measure();

  return {
    root,
    update: () => undefined,
    close() {
      closed = true;
    },
  };
};

async function roundTrips(
  { link, clock }: Context,
  wanted: number,
  part: (part: number) => void,
  stopped: () => boolean,
): Promise<number[]> {
  const found: number[] = [];
  for (let lost = 0; found.length < wanted && lost < wanted && !stopped();) {
    const sent = now_ms();
    const answer = await link.probe({ sent_ms: sent, rtt_ms: null, offset_ms: clock.offset });
    if (answer) found.push(Math.max(0, now_ms() - sent));
    else lost++;
    part(found.length / wanted);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
  return found;
}

/** Kilobits a second; 0 where nothing came. */
async function download(
  bytes: number,
  rtt_ms: number,
  part: (part: number) => void,
): Promise<number> {
  let began = performance.now();
  let came = 0;
  try {
    for (let attempt = 0; ; attempt++) {
      began = performance.now();
      const signal = AbortSignal.timeout(DOWNLOAD_MS);
      const answer = await fetch(`/api/probe?bytes=${bytes}`, { cache: 'no-store', signal });
      const wait = BUSY_MS[attempt];
      if (answer.status === 429 && wait !== undefined) {
        await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random())));
        continue;
      }
      const reader = answer.ok ? answer.body?.getReader() : undefined;
      for (let chunk = await reader?.read(); chunk?.value; chunk = await reader?.read()) {
        came += chunk.value.length;
        part(Math.min(1, came / bytes));
      }
      break;
    }
  } catch {
    // Cut off, or out of time: what came counts.
  }
  return came > 0 ? kbps(came, performance.now() - began, rtt_ms) : 0;
}
