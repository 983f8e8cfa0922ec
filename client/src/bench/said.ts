/** What the server says of an experiment on its bench (igym/web/bench.py), and asking it. */

export interface Scene {
  name: string;
  kind: 'page' | 'survey' | 'play' | 'end';
  people: number;
}

export interface Treatment {
  name: string;
  per: 'participant' | 'group';
  cells: string[];
}

export interface Plan {
  title: string;
  version: string;
  package: string;
  scenes: Scene[];
  treatments: Treatment[];
  outcomes: string[];
  waves: string[];
}

export interface Problem {
  code: string;
  message: string;
  hint: string;
  file: string;
  line: number;
  trace: string;
}

export interface Data {
  rows: Record<string, number>;
  modes: Record<string, number>;
  plots: { title: string; svg: string }[];
  folder: string;
  at_ms: number;
}

export interface Said {
  experiment: string;
  link: string;
  /** The version that is open; null while none has ever compiled. */
  plan: Plan | null;
  /** Why what was saved last is not open; null where it is. */
  problem?: Problem | null;
  tried_ms?: number;
  took_s?: number;
  bots?: number;
  data?: Data;
}

const ASKS_MS = 400;

/** Call `hear` with every news, and with null while nobody answers. */
export function listen(experiment: string, hear: (said: Said | null) => void): void {
  const path = `/api/bench/${encodeURIComponent(experiment)}`;
  const ask = async (): Promise<void> => {
    if (!document.hidden) {
      const answer = await fetch(path).catch(() => null);
      hear(answer?.ok ? ((await answer.json()) as Said) : null);
    }
    setTimeout(() => void ask(), ASKS_MS);
  };
  void ask();
}

export async function ask(experiment: string, what: string, body: object = {}): Promise<void> {
  await fetch(`/api/bench/${encodeURIComponent(experiment)}/${what}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  }).catch(() => null);
}
