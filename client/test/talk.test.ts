import { describe, expect, it } from 'vitest';
import { Talk } from '../src/play/talk.ts';
import type { ChatLine } from '../src/wire.gen.ts';

const line = (n: number, seat: string, text: string): ChatLine => ({
  line: n,
  seat,
  text,
  at_ms: n,
});
const view = (said: number, ...lines: ChatLine[]) => ({ lines, said, most_chars: 500 });
const texts = (talk: Talk) => talk.lines.map(({ text }) => text);

describe('a chat', () => {
  it('has every line once and in order, however they come', () => {
    const talk = new Talk('g', 'a', view(0, line(1, 'b', 'one')), []);
    expect(talk.hear(line(3, 'b', 'three'))).toBe(true);
    expect(talk.hear(line(2, 'a', 'two'))).toBe(true);
    expect(talk.hear(line(3, 'b', 'three'))).toBe(false);
    expect(texts(talk)).toEqual(['one', 'two', 'three']);
  });

  it('shows a line of mine as on its way until it comes back', () => {
    const talk = new Talk('g', 'a', view(4), []);
    expect(talk.say('hello')).toEqual({ game: 'g', count: 5, text: 'hello' });
    talk.hear(line(1, 'b', 'hello')); // the same words of somebody else
    expect(talk.onTheirWay).toHaveLength(1);
    talk.hear(line(2, 'a', 'hello'));
    expect(talk.onTheirWay).toHaveLength(0);
  });

  it('goes on counting after a reload, and knows what the server has by then', () => {
    const sent = [2, 3].map((count) => ({ game: 'g', count, text: `no. ${count}` }));
    const talk = new Talk('g', 'a', view(2, line(1, 'a', 'no. 2')), sent);
    expect(talk.onTheirWay.map(({ count }) => count)).toEqual([3]);
    expect(talk.say('next').count).toBe(4);
  });

  it('catches up after a reconnect', () => {
    const talk = new Talk('g', 'a', view(0, line(1, 'b', 'one')), []);
    talk.say('mine');
    const missed = talk.catchUp(
      view(1, line(1, 'b', 'one'), line(2, 'a', 'mine'), line(3, 'b', 'x')),
    );
    expect(missed.map((one) => one.line)).toEqual([2, 3]);
    expect(talk.onTheirWay).toHaveLength(0);
  });
});
