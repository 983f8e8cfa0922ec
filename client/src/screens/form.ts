/**
 * Questions, shown by the SurveyJS library, which comes with this file and not before.
 * Knows what a form is and how its answers are sent; what it is for, its screen knows.
 */

import { Model, QuestionRatingModel } from 'survey-core';
import 'survey-core/survey-core.fontless.min.css';
import 'survey-js-ui';
import { h } from '../dom.ts';
import { draftOf } from '../mail/kept.ts';
import '../style/survey.css';
import { text } from '../text.ts';
import type { Json, State } from '../wire.gen.ts';
import { advance, advancing } from './advance.ts';
import { itemTimes } from './itemTimes.ts';
import type { Context } from './screen.ts';

/** More than this is not sent: the server would not take it. Characters of JSON. */
const MOST_CHARS = 50_000;

interface Form {
  root: HTMLElement;
  close(): void;
}

export function questions(context: Context, state: State, form: Record<string, Json>): Form {
  const sheet = h('div', { class: 'survey-sheet' });
  const heading = h('h1', { class: 'unseen', text: text.survey.heading });
  const root = h('div', { class: 'survey' }, heading, sheet);
  // Half-finished answers outlive a reload; they are forgotten once the server has them (main.ts).
  const draft = draftOf(state.session, state.scene, state.version);

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
    void wait(advance(context, state, answers, times.all()));
  });
  void wait(advancing(context, state));
  // Once it is in the document: the library measures it there to choose a phone's layout.
  queueMicrotask(() => model.render(sheet));

  return {
    root,
    close() {
      times.close();
      model.dispose();
    },
  };
}
