import { expect, test } from 'vitest';
import { de } from '../src/text.de.ts';
import { en } from '../src/text.en.ts';

/** "lobby.count" -> the sentence, or the function that makes it. */
function sentences(node: object, path = ''): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const [key, value] of Object.entries(node)) {
    const at = path ? `${path}.${key}` : key;
    if (typeof value === 'object' && value !== null)
      for (const [name, inner] of sentences(value, at)) found.set(name, inner);
    else found.set(at, value);
  }
  return found;
}

/** What reads the same in both. */
const SAME =
  /^title\.(screening|reading|deciding|playing)$|\.rate$|^game\.(latency|latencyUnknown)$|keys\.Arrow|^chat\.title$|^caution\.left$/;

test('both languages say the same things, and in two languages', () => {
  const [there, here] = [sentences(en), sentences(de)];
  expect([...here.keys()]).toEqual([...there.keys()]);
  for (const [name, english] of there) {
    const german = here.get(name);
    expect(typeof german, name).toBe(typeof english);
    if (name === 'forms') continue;
    const args = [2, 3];
    const say = (it: unknown) => (typeof it === 'function' ? String(it(...args)) : it);
    if (!SAME.test(name)) expect(say(german), name).not.toBe(say(english));
  }
});
