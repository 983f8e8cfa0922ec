/** A form, shown by the SurveyJS library, which comes with this file and not before. */

import { Model, QuestionRatingModel } from 'survey-core';
import 'survey-core/survey-core.fontless.min.css';
import 'survey-js-ui';
import { h } from '../dom.ts';
import { text } from '../text.ts';
import '../style/survey.css';
import type { Json, SurveyView } from '../wire.gen.ts';
import { advance } from './advance.ts';
import type { Screen, StateOf } from './screen.ts';

/** Half-finished answers outlive a reload in this tab. */
const draftKey = (state: StateOf<SurveyView>): string =>
  `igym:${state.experiment}:draft:${state.session}:${state.scene}`;

export const survey: Screen<SurveyView> = (context, first) => {
  let state = first;
  const sheet = h('div', { class: 'survey-sheet' });
  const heading = h('h1', { class: 'unseen', text: text.survey.heading });
  const root = h('div', { class: 'survey' }, heading, sheet);
  const draft = draftKey(first);

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
  model.data = JSON.parse(sessionStorage.getItem(draft) ?? '{}') as object;
  model.onValueChanged.add(() => sessionStorage.setItem(draft, JSON.stringify(model.data)));

  let sent = false;
  // The form stays up, filled in, until the server has the answers and shows what is next.
  model.onCompleting.add((_, options) => {
    options.allow = false;
    if (sent) return;
    sent = true;
    root.classList.add('busy');
    root.ariaBusy = 'true';
    void advance(context, state, model.data as Record<string, Json>).then((taken) => {
      if (taken) return sessionStorage.removeItem(draft);
      sent = false;
      root.classList.remove('busy');
      root.ariaBusy = 'false';
    });
  });
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
