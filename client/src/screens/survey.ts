/** A form, shown by the SurveyJS library, which comes with this file and not before. */

import { Model, QuestionRatingModel } from 'survey-core';
import 'survey-core/survey-core.fontless.min.css';
import 'survey-js-ui';
import { h } from '../dom.ts';
import { text } from '../text.ts';
import '../style/survey.css';
import type { Json, SurveyView } from '../wire.gen.ts';
import { draftOf } from '../mail/kept.ts';
import { advance, advancing } from './advance.ts';
import type { Screen } from './screen.ts';

export const survey: Screen<SurveyView> = (context, first) => {
  let state = first;
  const sheet = h('div', { class: 'survey-sheet' });
  const heading = h('h1', { class: 'unseen', text: text.survey.heading });
  const root = h('div', { class: 'survey' }, heading, sheet);
  // Half-finished answers outlive a reload; they are forgotten once the server has them (main.ts).
  const draft = draftOf(first.session, first.scene);

  const model = new Model(first.view.form);
  // A scale is answered where it stands; as a drop-down it would be another instrument.
  for (const question of model.getAllQuestions())
    if (question instanceof QuestionRatingModel && question.displayMode === 'auto') {
      question.displayMode = 'buttons';
      question.rateDescriptionLocation = 'bottom';
    }
  if (!model.title && !model.description) model.showTitle = false;
  if (model.title) heading.textContent = model.title;
  model.applyTheme({ isPanelless: true });
  if (!('completeText' in first.view.form)) model.completeText = text.survey.done;
  model.showCompletedPage = false;
  model.focusFirstQuestionAutomatic = false;
  // So that a draft has what was typed, not only what was left again.
  if (!('textUpdateMode' in first.view.form)) model.textUpdateMode = 'onTyping';
  model.data = draft.read() ?? {};
  model.onValueChanged.add(() => draft.write(model.data as object));

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
    if (!sent) void wait(advance(context, state, model.data as Record<string, Json>));
  });
  void wait(advancing(context, state));
  // Once it is in the document: the library measures it there to choose a phone's layout.
  queueMicrotask(() => model.render(sheet));

  return {
    root,
    update(said) {
      state = said;
    },
    close: () => model.dispose(),
  };
};
