/** A form whose answers are written down. */

import type { SurveyView } from '../wire.gen.ts';
import { questions } from './form.ts';
import type { Screen } from './screen.ts';

export const survey: Screen<SurveyView> = (context, state) => ({
  ...questions(context, state, state.view.form),
  update: () => undefined, // another version is another screen (main.ts)
});
