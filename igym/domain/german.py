"""The server's sentences to participants in German. See `igym.domain.language`."""

from __future__ import annotations

GERMAN: dict[str, str] = {
    # --- coming in ---
    "There is no study here.": "Hier gibt es keine Studie.",
    "Check the link you were given, or ask whoever sent it.":
        "Bitte prüfen Sie den Link, den Sie bekommen haben, oder fragen Sie, wer ihn geschickt hat.",
    "No version of this study is active now.": "Diese Studie läuft zurzeit nicht.",
    "Ask whoever sent the link.": "Bitte fragen Sie, wer Ihnen den Link geschickt hat.",
    "This study is over.": "Diese Studie ist beendet.",
    "Thank you for your interest.": "Vielen Dank für Ihr Interesse.",
    "This study takes nobody new at the moment.":
        "Diese Studie nimmt zurzeit niemanden neu auf.",
    "This study has all the participants it needs at the moment.":
        "Diese Studie hat zurzeit alle Teilnehmenden, die sie braucht.",
    "Please try again later, or ask whoever sent you the link.":
        "Bitte versuchen Sie es später noch einmal, oder fragen Sie, wer Ihnen den Link geschickt hat.",
    "You have already taken part in an earlier version of this study.":
        "Sie haben bereits an einer früheren Version dieser Studie teilgenommen.",
    "Thank you. You cannot take part in it again.":
        "Vielen Dank. Eine zweite Teilnahme ist nicht möglich.",
    "You have taken part in a study that goes before this one.":
        "Sie haben an einer Studie teilgenommen, die dieser vorausging.",
    "Thank you. You cannot take part in this one as well.":
        "Vielen Dank. An dieser können Sie deshalb nicht teilnehmen.",
    "An earlier part of this study comes before this one.":
        "Vor diesem Teil der Studie kommt ein früherer.",
    "Please complete that first, then open this link again.":
        "Bitte schließen Sie zuerst jenen ab und öffnen Sie dann diesen Link noch einmal.",
    "This part of the study opens on {}.": "Dieser Teil der Studie beginnt am {}.",
    "Open the same link again then.": "Bitte öffnen Sie dann denselben Link noch einmal.",
    "This part of the study closed on {}.": "Dieser Teil der Studie endete am {}.",
    "This is a preview of the task.": "Dies ist eine Vorschau der Aufgabe.",
    "Accept it to take part.": "Nehmen Sie sie an, um teilzunehmen.",
    "The {} in your link looks damaged.": "{} in Ihrem Link sieht beschädigt aus.",
    "Open the link from the recruitment site again.":
        "Bitte öffnen Sie den Link von der Seite, über die Sie eingeladen wurden, noch einmal.",
    "This link asks for a mode that does not exist.":
        "Dieser Link verlangt einen Modus, den es nicht gibt.",
    "Use one of {}.": "Es gibt {}.",
    "Your link names a part of this study that does not exist.":
        "Ihr Link nennt einen Teil dieser Studie, den es nicht gibt.",
    "Open the link you were given once more, or ask who gave it to you.":
        "Bitte öffnen Sie den Link, den Sie bekommen haben, noch einmal, oder fragen Sie, von wem er ist.",
    "Your link has no valid sign-in.": "Ihr Link enthält keine gültige Anmeldung.",
    "Your sign-in is not valid here.": "Ihre Anmeldung gilt hier nicht.",
    "Open the link you were given once more.":
        "Bitte öffnen Sie den Link, den Sie bekommen haben, noch einmal.",
    "Open your link once more.": "Bitte öffnen Sie Ihren Link noch einmal.",
    "We can't find your session.": "Wir finden Ihre Teilnahme nicht.",
    "This page is from before an update.": "Diese Seite stammt von vor einer Aktualisierung.",
    "Reload it to go on.": "Laden Sie sie neu, um weiterzumachen.",
    "This study needs JavaScript. Please turn it on and load the page again.":
        "Diese Studie braucht JavaScript. Bitte schalten Sie es ein und laden Sie die Seite neu.",
    "There is nothing here.": "Hier ist nichts.",
    "Check the link you were given.": "Bitte prüfen Sie den Link, den Sie bekommen haben.",
    # --- screening ---
    "This study does not run on this kind of device. Please open your link on another.":
        "Diese Studie läuft auf dieser Art von Gerät nicht. Bitte öffnen Sie Ihren Link auf einem anderen.",
    "This study does not run in this browser. Please open your link in another one.":
        "Diese Studie läuft in diesem Browser nicht. Bitte öffnen Sie Ihren Link in einem anderen.",
    "Your window is too small for this study. Please make it larger, or open your link on a larger "
    "screen.":
        "Ihr Fenster ist für diese Studie zu klein. Bitte vergrößern Sie es, oder öffnen Sie Ihren "
        "Link auf einem größeren Bildschirm.",
    "Your connection takes too long to answer for this study.":
        "Ihre Verbindung antwortet für diese Studie zu langsam.",
    "Your connection is too slow for this study.": "Ihre Verbindung ist für diese Studie zu langsam.",
    "You cannot take part in this study.": "Sie können an dieser Studie nicht teilnehmen.",
    # --- pages, surveys and quizzes ---
    "Not all of your answers were right. Please read this again; the questions follow.":
        "Nicht alle Ihre Antworten waren richtig. Bitte lesen Sie dies noch einmal; danach kommen "
        "die Fragen wieder.",
    "The people who run this study have ended it for you.":
        "Die Studienleitung hat Ihre Teilnahme beendet.",
    "Continue": "Weiter",
    "I agree to take part": "Ich bin einverstanden und nehme teil",
    "There is nothing to send on this screen.": "Auf dieser Seite gibt es nichts abzuschicken.",
    "This page has no question named {}.": "Auf dieser Seite gibt es keine Frage namens {}.",
    "Reload the page and try again.":
        "Bitte laden Sie die Seite neu und versuchen Sie es noch einmal.",
    "One of your answers is too long.": "Eine Ihrer Antworten ist zu lang.",
    "Please shorten it.": "Bitte kürzen Sie sie.",
    "Your answers are too long.": "Ihre Antworten sind zu lang.",
    "Please shorten them.": "Bitte kürzen Sie sie.",
    "Please answer the question “{}”.": "Bitte beantworten Sie die Frage „{}“.",
    "The answer to “{}” is none of those that are asked for.":
        "Die Antwort auf „{}“ ist keine von denen, die zur Wahl stehen.",
    "Please look at it once more.": "Bitte sehen Sie sie noch einmal an.",
    "Nothing can be written beside “{}”.": "Neben „{}“ kann nichts geschrieben werden.",
    "Some of your answers were not right, so the study ends here for you.":
        "Einige Ihrer Antworten waren nicht richtig, deshalb endet die Studie hier für Sie.",
    "Strongly disagree": "Stimme gar nicht zu",
    "Disagree": "Stimme nicht zu",
    "Neither agree nor disagree": "Weder noch",
    "Agree": "Stimme zu",
    "Strongly agree": "Stimme voll zu",
    # --- waiting and playing ---
    "That choice is not open (any more).": "Diese Wahl gibt es nicht (mehr).",
    "Please choose another.": "Bitte treffen Sie eine andere.",
    "That match is over.": "Dieses Treffen ist vorbei.",
    "You keep your place; we look for another.": "Sie behalten Ihren Platz; wir suchen weiter.",
    "That game is over.": "Dieses Spiel ist vorbei.",
    "We show you what comes next.": "Wir zeigen Ihnen, wie es weitergeht.",
    "That game is not yours, or it is over.": "Dieses Spiel ist nicht Ihres, oder es ist vorbei.",
    "That key is not used in this game.": "Diese Taste gibt es in diesem Spiel nicht.",
    "Pointer and gamepad are not used in this game.":
        "Zeiger und Gamepad gibt es in diesem Spiel nicht.",
    "Reload the page to go on.": "Bitte laden Sie die Seite neu, um weiterzumachen.",
    "There is no chat in this game.": "In diesem Spiel gibt es keinen Chat.",
    "There is nothing to read in that line.": "In dieser Zeile steht nichts.",
    "You write faster than anybody can read.": "Sie schreiben schneller, als jemand lesen kann.",
    "Wait a few seconds.": "Bitte warten Sie einige Sekunden.",
    # --- stopping ---
    "You have not agreed to take part yet.": "Sie haben der Teilnahme noch nicht zugestimmt.",
    "You can simply close this page.": "Sie können diese Seite einfach schließen.",
    "That did not work at once.": "Das hat nicht sofort geklappt.",
    "Please try again.": "Bitte versuchen Sie es noch einmal.",
    # --- when something is wrong ---
    "That was too much at once.": "Das war zu viel auf einmal.",
    "Too many people open this study from your network at this moment.": (
        "Gerade öffnen zu viele Leute aus Ihrem Netz diese Studie."
    ),
    "Please load the page again in a minute.": "Bitte laden Sie die Seite in einer Minute neu.",
    "Please slow down a bit.": "Bitte etwas langsamer.",
    "That was more than we can take in one piece.": "Das war mehr, als wir auf einmal annehmen.",
    "We lost our own connection for a moment.": "Unsere eigene Verbindung war kurz unterbrochen.",
    "We try again by ourselves.": "Wir versuchen es von selbst noch einmal.",
    "Try again.": "Bitte noch einmal.",
    "Try again soon.": "Bitte gleich noch einmal.",
    "Try again in a second.": "Bitte in einer Sekunde noch einmal.",
    "Too many measure at this moment.": "Gerade messen zu viele.",
    "Something went wrong on our side.": "Bei uns ist etwas schiefgegangen.",
    "That message could not be read.": "Diese Nachricht war nicht lesbar.",
    "That {} message is not valid: {}.": "Diese Nachricht ({}) ist nicht gültig: {}.",
    "There is no message named {}.": "Es gibt keine Nachricht namens {}.",
    "{} takes one argument.": "{} hat ein Argument.",
    "That is not a join request.": "Das ist keine Anmeldung.",
    "Reload.": "Bitte neu laden.",
    "Reload the page.": "Bitte laden Sie die Seite neu.",
}  # fmt: skip
