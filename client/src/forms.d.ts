/** Sentences of the form library, which registers them itself. */
declare module 'survey-core/i18n/german';
