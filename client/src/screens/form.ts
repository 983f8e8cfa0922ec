/**
 * Questions, shown by the SurveyJS library, which comes with this file and not before.
 * Knows what a form is and how its answers are sent; what it is for, its screen knows.
 */

import { Model, QuestionRatingModel } from 'survey-core';
import 'survey-core/survey-core.fontless.min.css';
import 'survey-js-ui';
import { h } from '../dom.ts';
import { draftOf, type Draft, type Kept } from '../mail/kept.ts';
import '../style/survey.css';
import { text } from '../text.ts';
import type { Json, State } from '../wire.gen.ts';
import { advance, advancing } from './advance.ts';
import { itemTimes, type Times } from './itemTimes.ts';
import type { Context } from './screen.ts';

/** More than this is not sent: the server would not take it. Characters of JSON. */
const MOST_CHARS = 50_000;

export interface Form {
  root: HTMLElement;
  heading: HTMLElement;
  close(): void;
}

/** Where half-finished answers are kept, and how finished ones are sent; true = they are taken. */
export interface Way {
  draft: Kept<Draft>;
  send(answers: Record<string, Json>, times: Times): Promise<boolean | null>;
  /** What was sent before a reload and has not arrived yet; null: nothing was. */
  sent?(): Promise<boolean | null>;
}

/** The questions of a scene. */
export const questions = (context: Context, state: State, form: Record<string, Json>): Form =>
  ask(context, form, {
    // Outlives a reload; it is forgotten once the server has the answers (main.ts).
    draft: draftOf(state.session, state.scene, state.version),
    send: (answers, times) => advance(context, state, answers, times),
    sent: () => advancing(context, state),
  });

export function ask(context: Context, form: Record<string, Json>, way: Way): Form {
  const { draft } = way;
  const sheet = h('div', { class: 'survey-sheet' });
  const heading = h('h1', { class: 'unseen', text: text.survey.heading });
  const root = h('div', { class: 'survey' }, heading, sheet);

  const model = new Model(form);
  if (!('locale' in form)) model.locale = text.language;
  // A scale is answered where it stands; as a drop-down it would be another instrument.
  for (const question of model.getAllQuestions())
    if (question instanceof QuestionRatingModel && question.displayMode === 'auto') {
      question.displayMode = 'buttons';
      question.rateDescriptionLocation = 'bottom';
    }
  if (!model.title && !model.description) model.showTitle = false;
  if (model.title) heading.textContent = model.title;
  model.applyTheme({ isPanelless: true });
  if (!('completeText' in form)) model.completeText = text.survey.done;
  model.showCompletedPage = false;
  model.focusFirstQuestionAutomatic = false;
  // So that a draft has what was typed, not only what was left again.
  if (!('textUpdateMode' in form)) model.textUpdateMode = 'onTyping';
  const before = draft.read();
  model.data = before?.answers ?? {};
  const times = itemTimes(before?.times ?? {});
  const keep = (): void => draft.write({ answers: model.data as object, times: times.all() });
  model.onAfterRenderQuestion.add((_, { question, htmlElement }) => {
    if (question.hasInput) times.watch(question.name, htmlElement, keep);
  });
  model.onValueChanged.add((_, { name }) => {
    times.changed(name);
    keep();
  });

  let sent = false;
  const wait = async (verdict: Promise<boolean | null>): Promise<void> => {
    const show = (on: boolean): void => {
      sent = on;
      root.classList.toggle('busy', on);
      root.ariaBusy = String(on);
    };
    show(true);
    if (!(await verdict)) show(false);
  };
  // The form stays up, filled in, until the server has the answers and shows what is next.
  model.onCompleting.add((_, options) => {
    options.allow = false;
    if (sent) return;
    const answers = model.data as Record<string, Json>;
    if (JSON.stringify(answers).length > MOST_CHARS)
      return context.shell.toast(text.survey.tooLong, text.survey.tooLongHint);
    void wait(way.send(answers, times.all()));
  });
  if (way.sent) void wait(way.sent());
  // Once it is in the document: the library measures it there to choose a phone's layout.
  queueMicrotask(() => model.render(sheet));

  return {
    root,
    heading,
    close() {
      times.close();
      model.dispose();
    },
  };
}
