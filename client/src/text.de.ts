/** Every sentence the client itself says, in German. The keys are those of `text.en.ts`. */

import type { Text } from './text.ts';

const plural = (n: number, one: string, many: string): string => (n === 1 ? one : many);

export const de: Text = {
  language: 'de',
  forms: () => import('survey-core/i18n/german'),

  loading: 'Wird geladen',

  title: {
    screening: (study) => study,
    reading: (study) => study,
    deciding: (study) => study,
    choosing: (study) => `Ihre Wahl · ${study}`,
    waiting: (study) => `Bitte warten … · ${study}`,
    playing: (study) => study,
    ended: (study) => `Beendet · ${study}`,
    matched: '● Ihr Spiel ist bereit',
    check: '● Sind Sie da?',
    choose: '● Bitte wählen Sie, wie es weitergeht',
    caution: '● Bitte kommen Sie zurück',
    chat: (who) => `● ${who} hat Ihnen geschrieben`,
  },

  time: {
    seconds: (n) => `${n} ${plural(n, 'Sekunde', 'Sekunden')}`,
    minutes: (n) => `${n} ${plural(n, 'Minute', 'Minuten')}`,
  },

  progress: (step, steps) => `Schritt ${step} von ${steps}`,

  deciding: 'Einen Moment. Gleich steht fest, wie es weitergeht.',

  screening: {
    title: 'Eine kurze Prüfung vorab',
    text: 'Wir sehen uns Ihr Gerät und Ihre Verbindung an, damit alles flüssig läuft. Das dauert einige Sekunden; Sie müssen nichts tun.',
    device: 'Ihr Gerät',
    connection: 'Antwortzeit Ihrer Verbindung',
    speed: 'Geschwindigkeit Ihrer Verbindung',
    rate: (kbps) =>
      kbps >= 1_000 ? `${Math.round(kbps / 1_000)} Mbit/s` : `${Math.round(kbps)} kbit/s`,
    verdict: 'Alles gemessen. Einen Moment …',
    refused: 'Das hat nicht geklappt. Bitte laden Sie diese Seite neu.',
    done: 'fertig',
  },

  presence: {
    title: 'Sind Sie da?',
    text: 'Das Spiel kann beginnen, sobald Sie es sagen.',
    button: 'Ja, ich bin da',
    left: (seconds) => `Noch ${seconds} ${plural(seconds, 'Sekunde', 'Sekunden')}`,
  },

  choice: {
    title: 'Es war niemand frei, um mit Ihnen zu spielen',
    text: (game, minutes) =>
      `Sie haben ${minutes} auf ${game} gewartet. Wie möchten Sie weitermachen?`,
    options: {
      again: { label: 'Weiter warten', text: 'Es kann jederzeit jemand kommen.' },
      bot: { label: 'Mit dem Computer spielen', text: 'Das Spiel beginnt sofort.' },
      finish: { label: 'Hier aufhören', text: 'Sie kommen direkt zum Ende der Studie.' },
    },
    left: (time) => `Wenn Sie nicht wählen, hören Sie in ${time} hier auf.`,
  },

  stop: {
    button: 'Teilnahme beenden',
    short: 'Beenden',
    title: 'Teilnahme beenden?',
    text: 'Sie können jederzeit aufhören, ohne einen Grund zu nennen. Danach können Sie nicht in diese Studie zurückkehren.',
    question: 'Dürfen die Forschenden verwenden, was bis hierher aufgezeichnet wurde?',
    keep: 'Beenden. Meine Daten dürfen verwendet werden',
    discard: 'Beenden. Meine Daten nicht verwenden',
    cancel: 'Abbrechen und weitermachen',
  },

  lobby: {
    alone: 'Ihr Spiel wird vorbereitet',
    heading: (wanted) =>
      wanted === 2 ? 'Wir suchen jemanden, der mit Ihnen spielt' : 'Wir suchen Ihre Gruppe',
    count: (waiting, wanted) => `${waiting} von ${wanted} da`,
    position: (n) => (n <= 1 ? 'Sie sind als Nächstes dran' : `Sie sind Nummer ${n} in der Reihe`),
    ahead: (n) =>
      n <= 0 ? '' : `Vor Ihnen ${plural(n, 'ist eine Person', `sind ${n} Personen`)}.`,
    quiet: 'Wir suchen Leute, die mit Ihnen spielen.',
    missing: (n) => `Es ${plural(n, 'fehlt noch eine Person', `fehlen noch ${n} Personen`)}.`,
    complete: 'Alle sind da. Einen Moment …',
    elapsed: 'Bisher gewartet',
    left: 'Höchstens noch',
    leftOver: 'jeden Moment',
    keepOpen:
      'Bitte lassen Sie diesen Tab offen. Das Spiel beginnt von selbst, mit einem kurzen Ton, sobald alle da sind.',
    timeout: 'Wenn es nicht rechtzeitig dazu kommt, geht es ohne das Spiel weiter.',
  },

  game: {
    you: 'Sie',
    seat: (label) => `Sie sind ${label}`,
    yourTurn: 'Sie sind dran',
    theirTurn: (who) => `${who} ist dran`,
    latency: (ms) => `${ms} ms`,
    latencyLong: (ms) => `Verzögerung der Verbindung ${ms} Millisekunden`,
    latencyUnknown: '–',
    stage: (title) => `Spiel: ${title}`,
    round: (n, of) => (of > 0 ? `Runde ${n} von ${of}` : `Runde ${n}`),
    practice: (n, of) => (of > 0 ? `Übung ${n} von ${of}` : `Übung ${n}`),
    practiceText: 'Diese Runde ist zum Üben. Sie zählt nicht.',
    practiceOver: 'Die Übung ist vorbei. Ab jetzt zählt es.',
    loading: 'Die Bilder werden geladen',
    loaded: (done, all) => `${done} von ${all}`,
    waiting: 'Wir warten auf die anderen',
    waitingAlone: 'Das Spiel wird vorbereitet',
    waitingText: 'Das Spiel beginnt, sobald alle es geladen haben.',
    countdown: 'Gleich geht es los',
    go: 'Los!',
    between: 'Runde beendet',
    practiceBetween: 'Übungsrunde beendet',
    betweenText: 'Die nächste beginnt gleich.',
    held: 'Das Spiel steht still',
    heldText:
      'Jemand hat die Verbindung verloren. Wir lassen einen Moment Zeit, um zurückzukommen.',
    paused: 'Eine kurze Pause',
    pausedText:
      'Die Studienleitung hat das Spiel angehalten. Bitte bleiben Sie auf dieser Seite: Es geht bald weiter.',
    heldLeft: (seconds) => `Wir warten noch ${seconds} ${plural(seconds, 'Sekunde', 'Sekunden')}.`,
    lost: (who) => `${who}: Verbindung verloren`,
    lostText: 'Wir lassen einen Moment Zeit, um zurückzukommen.',
    back: 'Willkommen zurück',
    backText: 'Das Spiel hat auf Sie gewartet und geht gleich weiter.',
    seatTaken: 'Der Computer hat für Sie gespielt. Gleich bekommen Sie Ihren Platz zurück.',
    benched:
      'An Ihrer Stelle spielt jetzt der Computer. Bitte bleiben Sie auf dieser Seite: Nach diesem Spiel geht es für alle weiter.',
    goesOn: (who) => `${who} ist nicht da. Das Spiel geht weiter.`,
    stalled: 'Einen Moment …',
    over: 'Das Spiel ist vorbei',
    overText: 'Gleich geht es weiter.',
    keys: { ' ': 'Leertaste', ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓' },
  },

  asking: {
    left: (seconds) => `noch ${seconds} ${plural(seconds, 'Sekunde', 'Sekunden')}`,
    note: 'Das Spiel geht weiter, sobald alle geantwortet haben.',
    waiting: 'Vielen Dank',
    waitingFor: (who) => `Wir warten auf ${who}`,
    waitingText: 'Das Spiel geht weiter, sobald alle geantwortet haben.',
    goesOn: (seconds) =>
      `Ohne sie geht es in ${seconds} ${plural(seconds, 'Sekunde', 'Sekunden')} weiter.`,
  },

  chat: {
    title: 'Chat',
    lines: 'Was geschrieben wurde',
    empty: 'Noch hat niemand etwas geschrieben.',
    input: 'Ihre Nachricht',
    placeholder: 'Nachricht schreiben',
    send: 'Senden',
    close: 'Chat schließen',
    going: 'unterwegs',
    hint: 'Enter sendet, Esc führt zurück zum Spiel.',
    left: (n) => `noch ${n}`,
    unread: (n) => `Chat, ${n} neue ${plural(n, 'Nachricht', 'Nachrichten')}`,
  },

  caution: {
    hidden: {
      title: 'Bitte behalten Sie diesen Tab im Blick.',
      text: ' Das Spiel geht weiter, während Sie weg sind.',
    },
    rtt: {
      title: 'Ihre Verbindung ist langsam.',
      text: ' Schließen Sie Downloads und andere Tabs, oder gehen Sie näher an Ihren Router.',
    },
    idle: {
      title: 'Spielen Sie noch?',
      text: ' Bitte drücken Sie eine der Tasten des Spiels.',
    },
    left: (seconds) => `${seconds} s`,
  },

  index: {
    title: 'Studien auf diesem Server',
    none: 'Um an einer Studie teilzunehmen, öffnen Sie bitte den Link, den Sie bekommen haben.',
    open: 'Zum Öffnen während der Entwicklung. Jeder Link beginnt als neue Person.',
  },

  survey: {
    heading: 'Fragen',
    done: 'Weiter',
    tooLong: 'Ihre Antworten sind zu lang.',
    tooLongHint: 'Bitte kürzen Sie sie.',
  },

  quiz: {
    title: 'Noch nicht ganz',
    wrong: (n) =>
      n === 0
        ? 'Nicht alle Ihre Antworten waren richtig.'
        : plural(n, 'Diese Antwort war nicht richtig:', 'Diese Antworten waren nicht richtig:'),
    left: (n) => plural(n, 'Sie haben noch einen Versuch.', `Sie haben noch ${n} Versuche.`),
    again: 'Noch einmal versuchen',
  },

  end: {
    code: 'Ihr Abschlusscode',
    copy: 'Code kopieren',
    copied: 'Kopiert',
    copyFailed: 'Bitte markieren Sie den Code und kopieren Sie ihn von Hand.',
    redirect: (host) => `Weiter zu ${host}`,
    close: 'Sie können diesen Tab jetzt schließen.',
  },

  replaced: {
    title: 'Diese Studie ist woanders geöffnet',
    text: 'Sie haben in einem anderen Tab oder auf einem anderen Gerät weitergemacht, deshalb ruht dieser hier. Nichts ist verloren.',
    button: 'Hier weitermachen',
  },

  offline: {
    short: 'Verbindung wird wiederhergestellt …',
    long: 'Es gelingt noch nicht. Bitte prüfen Sie Ihre Internetverbindung.',
    back: 'Wieder verbunden',
    blocked: {
      title: 'Wir können keine Verbindung aufbauen',
      text: 'Diese Studie braucht eine WebSocket-Verbindung, und Ihr Netz oder eine Browser-Erweiterung scheint sie zu blockieren. Wir versuchen es weiter.',
      hint: 'Versuchen Sie ein anderes Netz, schalten Sie VPN oder Werbeblocker für diese Seite aus, oder nehmen Sie einen anderen Browser.',
    },
  },

  failed: {
    title: 'Etwas ist schiefgegangen',
    joinTitle: 'Diese Studie lässt sich nicht öffnen',
    unreachable: 'Der Server der Studie ist nicht erreichbar.',
    unreachableHint: 'Bitte prüfen Sie Ihre Internetverbindung und versuchen Sie es noch einmal.',
    chunk: 'Ein Teil dieser Seite wurde nicht geladen.',
    chunkHint: 'Bitte prüfen Sie Ihre Internetverbindung und laden Sie die Seite neu.',
    waitTitle: 'Einen Moment, bitte',
    byItself: (seconds) =>
      `Sie müssen nichts tun: Wir versuchen es in ${seconds === 1 ? 'einer Sekunde' : `${seconds} Sekunden`} noch einmal.`,
    retry: 'Noch einmal versuchen',
    reload: 'Neu laden',
    send: 'Das ist nicht angekommen.',
    sendHint: 'Bitte versuchen Sie es noch einmal.',
    code: (code) => `Code für die Forschenden: ${code}`,
    yourTime: (atMs) =>
      `(In Ihrer Zeit: ${new Date(atMs).toLocaleString('de', { dateStyle: 'full', timeStyle: 'short' })}.)`,
  },

  toast: { dismiss: 'Schließen' },

  announcement: {
    from: 'Von der Studienleitung',
    read: 'Verstanden',
    title: 'Eine Nachricht für Sie',
  },
};
