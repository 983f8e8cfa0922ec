/** Every sentence the client itself says, in English. Another language is another such file. */

const plural = (n: number, one: string, many: string): string => (n === 1 ? one : many);

export const en = {
  /** As in a document's `lang`, and as the form library calls it. */
  language: 'en' as string,
  /** The form library's own sentences; English ones it has with it. */
  forms: (): Promise<unknown> => Promise.resolve(),

  loading: 'Loading',

  title: {
    screening: (study: string) => study,
    reading: (study: string) => study,
    deciding: (study: string) => study,
    choosing: (study: string) => `Your choice · ${study}`,
    waiting: (study: string) => `Waiting… · ${study}`,
    playing: (study: string) => study,
    ended: (study: string) => `Finished · ${study}`,
    matched: '● Your game is ready',
    check: '● Are you there?',
    choose: '● Please choose how to go on',
    caution: '● Please come back',
    chat: (who: string) => `● ${who} wrote to you`,
  },

  time: {
    seconds: (n: number) => `${n} ${plural(n, 'second', 'seconds')}`,
    minutes: (n: number) => `${n} ${plural(n, 'minute', 'minutes')}`,
  },

  progress: (step: number, steps: number) => `Step ${step} of ${steps}`,

  deciding: 'One moment. What comes next is being worked out.',

  screening: {
    title: 'A quick check before we start',
    text: 'We look at your device and your connection, so that everything runs smoothly. This takes a few seconds and there is nothing to do.',
    device: 'Your device',
    connection: 'Response time of your connection',
    speed: 'Speed of your connection',
    rate: (kbps: number) =>
      kbps >= 1_000 ? `${Math.round(kbps / 1_000)} Mbit/s` : `${Math.round(kbps)} kbit/s`,
    verdict: 'All measured. One moment…',
    refused: 'That did not work out. Please load this page again.',
    done: 'done',
  },

  presence: {
    title: 'Are you there?',
    text: 'The game can start as soon as you say so.',
    button: 'Yes, I am here',
    left: (seconds: number) => `${seconds} ${plural(seconds, 'second', 'seconds')} left`,
  },

  choice: {
    title: 'Nobody was free to play with you',
    text: (game: string, minutes: string) =>
      `You waited ${minutes} for ${game}. How would you like to go on?`,
    options: {
      again: { label: 'Keep waiting', text: 'Somebody may come along at any time.' },
      bot: { label: 'Play with the computer', text: 'The game starts right away.' },
      finish: { label: 'Finish here', text: 'You go straight to the end of the study.' },
    },
    left: (time: string) => `If you do not choose, you finish here in ${time}.`,
  },

  stop: {
    button: 'Stop taking part',
    short: 'Stop',
    title: 'Stop taking part?',
    text: 'You can stop at any time, and you do not have to give a reason. You cannot come back to this study afterwards.',
    question: 'May the researchers use what was recorded so far?',
    keep: 'Stop. My data may be used',
    discard: 'Stop. Do not use my data',
    cancel: 'Cancel and go on',
  },

  lobby: {
    alone: 'Getting your game ready',
    heading: (wanted: number): string =>
      wanted === 2 ? 'Finding your partner' : 'Finding your group',
    count: (waiting: number, wanted: number) => `${waiting} of ${wanted} here`,
    position: (n: number) => (n <= 1 ? 'You are next in line' : `You are number ${n} in line`),
    ahead: (n: number) =>
      n <= 0 ? '' : `${n} ${plural(n, 'person is', 'people are')} before you.`,
    quiet: 'We are looking for people to play with.',
    missing: (n: number) => `Waiting for ${n} more ${plural(n, 'person', 'people')}.`,
    complete: 'Everyone is here. One moment…',
    elapsed: 'Waited so far',
    left: 'At most',
    leftOver: 'any moment now',
    keepOpen:
      'Please keep this tab open. The game starts by itself, with a short sound, as soon as everyone is here.',
    timeout: 'If that does not happen in time, you move on without the game.',
  },

  game: {
    you: 'You',
    seat: (label: string) => `You are ${label}`,
    yourTurn: 'Your turn',
    theirTurn: (who: string) => `${who}’s turn`,
    latency: (ms: number) => `${ms} ms`,
    latencyLong: (ms: number) => `Connection delay ${ms} milliseconds`,
    latencyUnknown: '–',
    stage: (title: string) => `Game: ${title}`,
    /** `of` is 0 where nobody knows how many there will be. */
    round: (n: number, of: number) => (of > 0 ? `Round ${n} of ${of}` : `Round ${n}`),
    practice: (n: number, of: number) => (of > 0 ? `Practice ${n} of ${of}` : `Practice ${n}`),
    practiceText: 'This round is for practice. It does not count.',
    practiceOver: 'Practice is over. From now on it counts.',
    loading: 'Loading the images',
    loaded: (done: number, all: number) => `${done} of ${all}`,
    waiting: 'Waiting for the other players',
    waitingAlone: 'Setting up the game',
    waitingText: 'The game starts as soon as everyone has loaded it.',
    countdown: 'Get ready',
    go: 'Go!',
    between: 'Round finished',
    practiceBetween: 'Practice round finished',
    betweenText: 'The next one starts in a moment.',
    held: 'The game is paused',
    heldText: 'Somebody has lost their connection. We are giving them a moment to come back.',
    paused: 'A short break',
    pausedText:
      'The people who run this study have paused the game. Please stay on this page: it goes on soon.',
    heldLeft: (seconds: number) =>
      `We wait ${seconds} more ${plural(seconds, 'second', 'seconds')}.`,
    lost: (who: string) => `${who} lost the connection`,
    lostText: 'We are giving them a moment to come back.',
    back: 'Welcome back',
    backText: 'The game was waiting for you and goes on in a moment.',
    seatTaken: 'The computer played for you. You get your place back in a moment.',
    benched:
      'The computer plays in your place now. Please stay on this page: you go on with the others after this game.',
    goesOn: (who: string) => `${who} is away. The game goes on.`,
    stalled: 'One moment…',
    over: 'Game over',
    overText: 'Moving on in a moment.',
    keys: { ' ': 'Space', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' } as Record<
      string,
      string
    >,
  },

  asking: {
    left: (seconds: number) => `${plural(seconds, '1 second', `${seconds} seconds`)} left`,
    note: 'The game goes on as soon as everyone has answered.',
    waiting: 'Thank you',
    waitingFor: (who: string) => `Waiting for ${who}`,
    waitingText: 'The game goes on as soon as everyone has answered.',
    goesOn: (seconds: number) =>
      `It goes on without them in ${seconds} ${plural(seconds, 'second', 'seconds')}.`,
  },

  chat: {
    title: 'Chat',
    lines: 'What was said',
    empty: 'Nothing was said yet.',
    input: 'Your message',
    placeholder: 'Write a message',
    send: 'Send',
    close: 'Close the chat',
    going: 'on its way',
    hint: 'Enter sends, Esc goes back to the game.',
    left: (n: number) => `${n} left`,
    unread: (n: number) => `Chat, ${n} new ${plural(n, 'message', 'messages')}`,
  },

  caution: {
    hidden: {
      title: 'Please keep this tab in view.',
      text: ' The game goes on while you are away.',
    },
    rtt: {
      title: 'Your connection is slow.',
      text: ' Close downloads and other tabs, or move closer to your router.',
    },
    idle: { title: 'Are you still playing?', text: ' Please press one of the keys of the game.' },
    left: (seconds: number) => `${seconds} s`,
  },

  index: {
    title: 'Studies on this server',
    none: 'To take part in a study, please open the link you were given.',
    open: 'Open here, while developing. Every link starts as a new participant.',
  },

  survey: {
    heading: 'Questions',
    done: 'Continue',
    tooLong: 'Your answers are too long.',
    tooLongHint: 'Please shorten them.',
  },

  quiz: {
    title: 'Not quite yet',
    wrong: (n: number): string =>
      n === 0
        ? 'Not all of your answers were right.'
        : n === 1
          ? 'This answer was not right:'
          : 'These answers were not right:',
    left: (n: number) => (n === 1 ? 'You have one more try.' : `You have ${n} more tries.`),
    again: 'Try again',
  },

  end: {
    code: 'Your completion code',
    copy: 'Copy code',
    copied: 'Copied',
    copyFailed: 'Please select the code and copy it by hand.',
    redirect: (host: string) => `Continue to ${host}`,
    close: 'You can close this tab now.',
  },

  replaced: {
    title: 'This study is open somewhere else',
    text: 'You went on in another tab or on another device, so this one is idle. Nothing is lost.',
    button: 'Continue here',
  },

  offline: {
    short: 'Reconnecting…',
    long: 'Still trying to reconnect. Please check your internet connection.',
    back: 'Connected again',
    blocked: {
      title: 'We cannot open a live connection',
      text: 'This study needs a WebSocket connection, and your network or a browser extension seems to block it. We keep trying.',
      hint: 'Try another network, switch off VPN or ad blockers for this page, or use another browser.',
    },
  },

  failed: {
    title: 'Something went wrong',
    joinTitle: 'This study cannot be opened',
    unreachable: 'The study’s server cannot be reached.',
    unreachableHint: 'Check your internet connection, then try again.',
    chunk: 'Part of this page did not load.',
    chunkHint: 'Check your internet connection, then load the page again.',
    waitTitle: 'One moment, please',
    byItself: (seconds: number) =>
      `You need not do anything: we try again in ${seconds === 1 ? 'a second' : `${seconds} seconds`}.`,
    retry: 'Try again',
    reload: 'Load again',
    send: 'That did not get through.',
    sendHint: 'Please try again.',
    code: (code: string) => `Code for the researcher: ${code}`,
    yourTime: (atMs: number) =>
      `(In your time: ${new Date(atMs).toLocaleString(undefined, { dateStyle: 'full', timeStyle: 'short' })}.)`,
  },

  toast: { dismiss: 'Dismiss' },

  announcement: {
    from: 'From the people who run this study',
    read: 'Got it',
    title: 'A message for you',
  },
};
