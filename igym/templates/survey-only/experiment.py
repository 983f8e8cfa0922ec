"""What do people expect of an AI partner?"""

from igym import Experiment, consent, ending, page, survey

experiment = Experiment(
    consent("welcome", "pages/welcome.md"),
    survey("about_you", "pages/about_you.json"),
    page("the_story", "pages/the_story.md", button="I have read it"),
    survey("expectations", "pages/expectations.json"),
    ending(
        "thanks",
        "pages/thanks.md",
        codes={
            "complete": "CODE-1",
            "withdrew": "CODE-2",
            "absent": "CODE-3",
            "ended_by_researcher": "CODE-4",
        },
    ),
)
