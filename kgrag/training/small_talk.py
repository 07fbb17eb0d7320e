"""What people say around a question: a model that is to read real questions must have seen some of it."""

from __future__ import annotations

import random

# {q} is the question; {x}, where it occurs, takes the name, and the question says "it" or the like instead
_AROUND = (
    "Please tell me: {q}",
    "Hi, {q}",
    "Quick question: {q}",
    "{q} Thanks!",
    "{q} Asking for a friend.",
    "I would like to know: {q}",
    "For my homework, {q}",
    "Do you know this: {q}",
    "So, {q}",
    "Sorry if this is silly, but {q}",
    "{q} I could not find it anywhere.",
    "I'm a bit confused, {q}",
    "Could you help me? {q}",
    "Just wondering, {q}",
    "In short: {q}",
    "As far as is known, {q}",
    "{q} Please be brief.",
    "{q} A list will do.",
)
_BEFORE = (
    "About {x}: {q}",
    "I have a question about {x}. {q}",
    "{x} - {q}",
    "I am reading about {x}. {q}",
    "My mother has {x}. {q}",
    "I was told about {x}. {q}",
    "We talked about {x} today, {q}",
    "Take {x}: {q}",
    "My boss mentioned {x} yesterday. {q}",
    "Regarding {x}, {q}",
    "Somebody I know has to do with {x}. {q}",
    "There is this thing called {x}. {q}",
    "{x}? {q}",
    "Given {x}, {q}",
    "I'm interested in {x}; {q}",
    "Suppose we have {x}. {q}",
)
_INSIDE = (
    ("a patient with X", 0.15),
    ("someone with X", 0.15),
    ("a person with X", 0.1),
    ("my X", 0.15),
    ("the X", 0.15),
    ("X (see above)", 0.05),
    ("this X", 0.1),
    ("so-called X", 0.05),
    ("X itself", 0.1),
)


def chat(question: str, rng: random.Random, name: str = "X") -> str:
    """Puts a question that names ``name`` the way a person might: most often as it is."""
    chance = rng.random()
    if chance < 0.12:
        return rng.choice(_AROUND).replace("{q}", question)
    if chance < 0.3 and question.count(name) == 1:
        asked = question.replace(name, rng.choice(("it", "it", "that", "this", "this one")))
        return rng.choice(_BEFORE).replace("{q}", asked).replace("{x}", name)
    if chance < 0.36:
        around, _ = rng.choices(_INSIDE, [weight for _, weight in _INSIDE])[0]
        return question.replace(name, around.replace("X", name))
    return question
