/** A form whose answers are judged: what came of the last attempt, then the questions again. */

import { button, h } from '../dom.ts';
import { kept } from '../mail/kept.ts';
import '../style/quiz.css';
import { text } from '../text.ts';
import type { QuizView } from '../wire.gen.ts';
import { questions } from './form.ts';
import type { Screen } from './screen.ts';

interface Asked {
  name?: string;
  title?: string;
  elements?: Asked[];
  pages?: Asked[];
}

export const quiz: Screen<QuizView> = (context, state) => {
  const { view } = state;
  let form: ReturnType<typeof questions> | null = null;
  const root = h('div', { class: 'quiz' });

  const ask = (): void => {
    form = questions(context, state, view.form);
    root.replaceChildren(form.root);
    context.shell.enter(root);
  };
  const left = view.attempts - view.attempt + 1;
  // A reload in the middle of the second attempt goes on with it.
  if (view.attempt === 1 || started(state.session, state.scene, state.version)) ask();
  else {
    const again = button(text.quiz.again, 'primary', () => {
      start(state.session, state.scene, state.version);
      ask();
    });
    root.append(
      h(
        'div',
        { class: 'page' },
        h('h1', { text: text.quiz.title }),
        h('p', { class: 'lead', text: text.quiz.wrong(view.wrong.length) }),
        ...(view.wrong.length > 0 ? [list(view)] : []),
        h('p', { class: 'note', text: text.quiz.left(left) }),
        h('div', { class: 'actions' }, again),
      ),
    );
  }
  return { root, update: () => undefined, close: () => form?.close() };
};

/** What was not right, with the author's explanations. */
function list({ form, wrong, explain }: QuizView): HTMLElement {
  const titles = new Map<string, string>();
  const walk = (node: Asked): void => {
    if (node.name && node.title) titles.set(node.name, node.title);
    for (const child of [...(node.pages ?? []), ...(node.elements ?? [])]) walk(child);
  };
  walk(form as Asked);
  return h(
    'ul',
    { class: 'wrong' },
    ...wrong.map((item) =>
      h(
        'li',
        {},
        h('strong', { text: titles.get(item) ?? item }),
        explain[item] ? h('span', { text: explain[item] }) : null,
      ),
    ),
  );
}

const key = (session: string, scene: string, version: number): string =>
  `igym:${session}:again:${scene}:${version}`;

function started(session: string, scene: string, version: number): boolean {
  return kept<boolean>(key(session, scene, version)).read() === true;
}

function start(session: string, scene: string, version: number): void {
  kept<boolean>(key(session, scene, version)).write(true);
}
