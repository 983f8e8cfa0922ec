/**
 * A chat as it stands: what was said, and what is on its way. Knows no element and no socket.
 *
 * A line of one's own is *on its way* from the moment it is said until it comes back with a
 * number; the server's count of what it has from us tells which those are after a reload.
 */

import type { ChatLine, ChatView, Say } from '../wire.gen.ts';

const MOST_LINES = 500; // older ones scroll out of memory

export class Talk {
  private byLine = new Map<number, ChatLine>();
  private said: number;
  private sent: Say[];

  /** `sent`: what a page before this one could not get through. */
  constructor(
    private readonly game: string,
    private readonly seat: string,
    view: ChatView,
    sent: Say[],
  ) {
    this.said = Math.max(view.said, ...sent.map((say) => say.count));
    this.sent = sent.filter((say) => say.count > view.said);
    view.lines.forEach((line) => this.hear(line));
  }

  /** In order. */
  get lines(): ChatLine[] {
    return [...this.byLine.values()].sort((a, b) => a.line - b.line);
  }

  get onTheirWay(): readonly Say[] {
    return this.sent;
  }

  isMine = (line: ChatLine): boolean => line.seat === this.seat;

  say(text: string): Say {
    const say = { game: this.game, count: ++this.said, text };
    this.sent.push(say);
    return say;
  }

  /** It will not arrive. */
  drop(say: Say): void {
    this.sent = this.sent.filter((one) => one.count !== say.count);
  }

  /** True if it is new. */
  hear(line: ChatLine): boolean {
    if (this.byLine.has(line.line)) return false;
    this.byLine.set(line.line, line);
    if (this.byLine.size > MOST_LINES) this.byLine.delete(Math.min(...this.byLine.keys()));
    if (this.isMine(line)) {
      const mine = this.sent.findIndex((say) => say.text === line.text);
      if (mine >= 0) this.sent.splice(mine, 1);
    }
    return true;
  }

  /** The same chat again, after a reconnect. Returns the lines that were missed. */
  catchUp(view: ChatView): ChatLine[] {
    this.said = Math.max(this.said, view.said);
    const missed = view.lines.filter((line) => this.hear(line));
    this.sent = this.sent.filter((say) => say.count > view.said);
    return missed;
  }
}
