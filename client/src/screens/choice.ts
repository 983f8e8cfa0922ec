/** Nobody came: wait on, play with a policy, or finish. Says what happens without an answer. */

import { busy, h, say } from '../dom.ts';
import '../style/choice.css';
import { text } from '../text.ts';
import { clockTime, duration } from '../time.ts';
import type { ChoiceView } from '../wire.gen.ts';
import { taken } from './advance.ts';
import type { Screen } from './screen.ts';

export const choice: Screen<ChoiceView> = (context, first) => {
  const { version, view } = first;
  const buttons = view.options.map(({ name }) => {
    const words = text.choice.options[name];
    const element = h(
      'button',
      {
        class: 'option',
        attrs: { type: 'button', 'data-option': name },
        on: { click: () => void choose(name, element) },
      },
      h('strong', { text: words.label }),
      h('span', { text: words.text }),
    );
    return element;
  });
  const left = h('p', { class: 'note' });
  const bar = h('i');
  const root = h(
    'section',
    { class: 'card choice' },
    h('h1', { text: text.choice.title }),
    h('p', { text: text.choice.text(view.title, duration(view.waited_ms)) }),
    h('div', { class: 'options' }, ...buttons),
    h('div', { class: 'dialog-bar' }, bar),
    left,
  );

  const wait = async (pressed: HTMLElement, verdict: Promise<boolean>): Promise<void> => {
    buttons.forEach((one) => (one.disabled = one !== pressed));
    busy(pressed, true);
    if (await verdict) return; // the next screen is on its way
    busy(pressed, false);
    buttons.forEach((one) => (one.disabled = false));
  };
  const choose = async (option: string, pressed: HTMLElement): Promise<void> => {
    if (pressed.ariaBusy === 'true') return;
    const letter = { event: 'choose', payload: { version, option } } as const;
    await wait(
      pressed,
      context.mail.put(letter).then((refused) => taken(context, refused)),
    );
  };
  // Chosen before a reload, and on its way.
  for (const { option } of context.mail.all('choose').filter((one) => one.version === version)) {
    const pressed = buttons.find((one) => one.dataset['option'] === option);
    if (pressed) void choose(option, pressed);
  }

  const whole = Math.max(1, view.until_ms - context.clock.server());
  const tick = (): void => {
    const rest = view.until_ms - context.clock.server();
    say(left, text.choice.left(clockTime(rest)));
    bar.style.setProperty('--part', String(Math.min(1, Math.max(0, rest / whole))));
  };
  tick();
  const timer = setInterval(tick, 500);
  context.shell.call(text.title.choose);
  return { root, update: () => undefined, close: () => clearInterval(timer) };
};
