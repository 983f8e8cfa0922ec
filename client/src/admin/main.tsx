/** The admin's page: one bar, one page below it, kept fresh once a second. */

import { render } from 'preact';
import { useState } from 'preact/hooks';
import '../style/admin.css';
import '../style/board.css';
import '../style/games.css';
import '../style/desk.css';
import '../style/acting.css';
import '../style/health.css';
import '../style/watching.css';
import { boot as begun } from './boot.ts';
import { clock } from './format.ts';
import { Data } from './data.tsx';
import { Games } from './games.tsx';
import { Lobbies } from './lobbies.tsx';
import { Later, NAMED } from './later.tsx';
import { Logs } from './logs.tsx';
import { Packages } from './packages.tsx';
import { Participants } from './participants.tsx';
import { Overview } from './overview.tsx';
import { Problems } from './problems.tsx';
import { usePath } from './router.ts';
import { useSeen, type Seen } from './said.ts';
import { Top } from './top.tsx';

const boot = begun();

/** Path -> the page. The server answers each of these with this client. */
const PAGES: Record<string, (seen: Seen, paused: boolean) => preact.JSX.Element> = {
  '/admin': (seen, paused) => <Overview seen={seen} boot={boot} paused={paused} />,
  '/admin/participants': (seen, paused) => <Participants seen={seen} paused={paused} />,
  '/admin/lobbies': (_, paused) => <Lobbies paused={paused} />,
  '/admin/games': (seen, paused) => <Games seen={seen} paused={paused} />,
  '/admin/logs': (_, paused) => <Logs paused={paused} form_token={boot.form_token} />,
  '/admin/problems': (_, paused) => <Problems paused={paused} />,
  '/admin/packages': (_, paused) => <Packages paused={paused} formToken={boot.form_token} />,
  '/admin/data': (_, paused) => <Data paused={paused} formToken={boot.form_token} />,
};

function Pulse(props: { trouble: string; paused: boolean; now_ms: number; press: () => void }) {
  const state = props.paused ? 'paused' : props.trouble ? 'lost' : 'live';
  const said = {
    paused: 'Paused',
    live: 'Live',
    lost: `${props.trouble} Shown is ${clock(props.now_ms, Date.now())}. Trying again.`,
  }[state];
  return (
    <div class="bar">
      <p class="pulse" role="status" data-state={state}>
        {said}
      </p>
      <button type="button" aria-pressed={props.paused} onClick={props.press}>
        Pause
      </button>
    </div>
  );
}

function App() {
  const path = usePath();
  const [paused, setPaused] = useState(false);
  const news = useSeen(boot.seen, paused);
  const named = NAMED.test(path);
  const page = named ? () => <Later path={path} boot={boot} /> : (PAGES[path] ?? PAGES['/admin']);
  const label = boot.pages.find((one) => one.href === path)?.label ?? (named ? 'Game' : 'Overview');
  document.title = `${label} · igym admin`;
  return (
    <>
      <Top boot={boot} path={named ? '/admin/games' : path} ours={new Set(Object.keys(PAGES))} />
      <main class="board">
        {!named && (
          <Pulse
            trouble={news.trouble}
            paused={paused}
            now_ms={news.said.now_ms}
            press={() => setPaused(!paused)}
          />
        )}
        {page?.(news.said, paused)}
      </main>
    </>
  );
}

render(<App />, document.body);
