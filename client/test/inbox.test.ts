import { describe, expect, it } from 'vitest';
import { Inbox } from '../src/mail/inbox.ts';
import { random } from './random.ts';

const memory = <T>(value: T | null = null) => ({
  read: () => value,
  write: (next: T) => void (value = next),
  forget: () => void (value = null),
});
const box = (seq: number | null = null) => new Inbox<{ seq: number }>(memory(seq));
const seqs = (messages: { seq: number }[]) => messages.map(({ seq }) => seq);

describe('reliable messages', () => {
  it('that come twice or late are acted on once', () => {
    const inbox = box(4);
    expect(seqs(inbox.hear({ seq: 5 }).now)).toEqual([5]);
    expect(inbox.hear({ seq: 5 })).toEqual({ now: [], gap: false });
    expect(inbox.hear({ seq: 2 })).toEqual({ now: [], gap: false });
    expect(inbox.seq).toBe(5);
  });

  it('that come early are held back until the missing one is there', () => {
    const inbox = box(0);
    expect(inbox.hear({ seq: 3 })).toEqual({ now: [], gap: true });
    expect(inbox.hear({ seq: 2 })).toEqual({ now: [], gap: true });
    expect(inbox.seq).toBe(0);
    expect(seqs(inbox.hear({ seq: 1 }).now)).toEqual([1, 2, 3]);
  });

  it('that a state contains are not acted on again', () => {
    const inbox = box(1);
    inbox.hear({ seq: 4 });
    expect(seqs(inbox.state(3, false))).toEqual([4]);
    expect(inbox.hear({ seq: 3 }).now).toEqual([]);
  });

  it('begin anew where the first state of a connection says so', () => {
    const inbox = box(90);
    inbox.state(0, true); // the server lost its memory
    expect(seqs(inbox.hear({ seq: 1 }).now)).toEqual([1]);
  });

  it('outlive a reload', () => {
    const store = memory<number>();
    new Inbox<{ seq: number }>(store).state(7, true);
    expect(new Inbox(store).seq).toBe(7);
    expect(box().seq).toBeNull();
  });

  it('come once each and in order through any order and repetition', () => {
    const rnd = random(3);
    for (let round = 0; round < 200; round++) {
      const inbox = box(0);
      const sent = Array.from({ length: 30 }, (_, i) => ({ seq: i + 1 }));
      const wire = [...sent, ...sent].sort(() => rnd() - 0.5);
      expect(seqs(wire.flatMap((one) => inbox.hear(one).now))).toEqual(seqs(sent));
    }
  });
});
