"""The sentence patterns of the grammar.

In a pattern, ``{x}`` is what the question names and ``{xs}`` its possessive; ``{be}``, ``{do}``, ``{has}`` and ``{xv}`` (the verb) agree
with it. ``{n}`` is the noun of the relation and ``{c}`` the class of what is asked for, both in the number of the answers (``{ac}`` has an article); ``{av}``,
``{abe}``, ``{ahas}`` and ``{its}`` agree with those. ``{n1}`` is always in the singular, ``{an}`` has an article, and ``{ns}`` and ``{cs}`` are
always in the plural. ``{vb}``, ``{vd}``, ``{vp}`` and ``{vg}`` are base, past, participle and gerund of the verb; ``{p}`` is the particle of a
verb or a state, with a space before it, and ``{P}`` without; ``{s}`` is a state with its particle, ``{a}`` without. ``{w}`` is "who" or
"what"; ``{which}`` as the subject, and ``{asked}`` elsewhere, is "which films", "who" or "what". ``:c`` stands for a capital.
"""

from __future__ import annotations

# What is asked for is the noun of {x}: "director", "cause of death".
NOUN_OF = (
    *("the {n} of {x}",) * 6,
    *("{xs} {n}",) * 6,
    "{n} of {x}",
    "the {n} for {x}",
    "the {n} that {x} {has}",
    "the {n} {x} {has}",
    "the {n} which {x} {has}",
    "the {n} belonging to {x}",
    "what {x} {has} as {n1}",
)
NOUNS_OF = (  # several
    "all {n} of {x}",
    "all the {n} of {x}",
    "all of {xs} {n}",
    "any {n1} of {x}",
    "the various {n} of {x}",
    "the different {n} that {x} {has}",
    "every {n1} of {x}",
    "each of the {n} of {x}",
)
NOUN_QUESTIONS = (
    *("{w} {abe} the {n} of {x}?",) * 4,
    *("{w} {abe} {xs} {n}?",) * 4,
    "What {n} {do} {x} have?",
    "Which {n} {do} {x} have?",
    "{x} {has} what {n1}?",
    "{x} {has} which {n}?",
    "{w} {do} {x} have as {n1}?",
    "Which {abe} the {n} of {x}?",
    "For {x}, {w} {abe} the {n}?",
    "{w} {abe} given as the {n} of {x}?",
    "{w} {abe} listed as {n} of {x}?",
    "{w} {abe} recorded as the {n} for {x}?",
    "{w} {abe} known to be the {n} of {x}?",
    "What {n} can be found for {x}?",
    "Which {n} {abe} there for {x}?",
    "What {n} {abe} known of {x}?",
    "As regards {x}, {w} {abe} the {n}?",
    "{w} would be the {n} of {x}?",
    "{do:c} {x} have {an}, and if so, which?",
    "Do we know the {n} of {x}?",
    "Is there a known {n1} of {x}?",
    "With which {n} is {x} associated?",
    "{w} counts as {n1} of {x}?",
    "What kind of {n1} {do} {x} have?",
)
ATTRIBUTE_QUESTIONS = (  # the noun says of what sort {x} is: "gender", "genre"
    "What {n1} {be} {x}?",
    "What {n1} {be} {x} of?",
    "Of which {n1} {be} {x}?",
    "{x} {be} of what {n1}?",
    "To which {n1} {do} {x} belong?",
    "Under which {n1} {do} {x} fall?",
    "What {ns} {do} {x} fall under?",
    "In terms of {n1}, what {be} {x}?",
)
NOUN_KEYWORDS = (
    "{x} {n}",
    "{x} {n1}",
    "{n1} {x}",
    "{n} of {x}",
    "{x}: {n}",
    "{x} - {n1}",
    "{xs} {n}",
    "{n} for {x}",
    "{x}, {n}",
)

# What is asked for is that whose noun is {x}.
WHOSE = (
    *("whose {n1} is {x}",) * 4,
    "with {x} as {n1}",
    "with {x} as their {n1}",
    "with the {n1} {x}",
    "that {ahas} {x} as {n1}",
    "that {ahas} {x} as {its} {n1}",
    "which {ahas} {x} for {an}",
    "that {ahas} the {n1} {x}",
    "having {x} as {n1}",
    "that {x} is the {n1} of",
    "of which {x} is the {n1}",
    "for which {x} is the {n1}",
    "for which the {n1} is given as {x}",
    "listed with {x} as {n1}",
)
WHOSE_QUESTIONS = (
    "Whose {n1} is {x}?",
    "{which} {ahas} {x} as {n1}?",
    "{which} {ahas} {x} as {its} {n1}?",
    "{which} {ahas} the {n1} {x}?",
    "{x} is the {n1} of {asked}?",
    "{x} is {whose} {n1}?",
    "Of {asked} is {x} the {n1}?",
    "{asked} is {x} the {n1} of?",
    "For {asked} is {x} the {n1}?",
    "{which} can be found with the {n1} {x}?",
    "{which} {abe} listed with {x} as {n1}?",
    "With {x} as {n1}, {which} would that be?",
    "{x} is {an}, but of {asked}?",
    "As {an}, {x} belongs to {asked}?",
)
WHOSE_KEYWORDS = ("{n1} {x}", "{n1} = {x}", "{n1}: {x}", "{c} {n1} {x}", "{c} with {n1} {x}", "{x} as {n1}", "{x} {c}")

# What is asked for does it to {x}: "treats", "directed by".
DOING = (
    *("that {av}{p} {x}",) * 4,
    "which {av}{p} {x}",
    "{vg}{p} {x}",
    "known to {vb}{p} {x}",
)
DOING_PASSIVE = (
    "by which {x} {be} {vp}",
    "that {x} {be} {vp} by",
    "{x} {be} {vp} by",
)
DOING_QUESTIONS = (
    *("{which} {av}{p} {x}?",) * 4,
    "{w} is it that {v}{p} {x}?",
    "{which} {abe} known to {vb}{p} {x}?",
    "{which} {abe} said to {vb}{p} {x}?",
    "{which} is the one that {v}{p} {x}?",
    "{which} is responsible for {vg}{p} {x}?",
    "{x}: {which} {av}{p} it?",
    "When it comes to {x}, {which} {av}{p} it?",
    "Is there {any} known that {v}{p} {x}?",
)
DOING_PASSIVE_QUESTIONS = (
    "By {asked} {be} {x} {vp}?",
    "{asked} {be} {x} {vp} by?",
    "{x} {be} {vp} by {asked}?",
    "{x} has been {vp} by {asked}?",
    "{asked} has {x} been {vp} by?",
)
DOING_KEYWORDS = (
    "{v}{p} {x}",
    "{vg}{p} {x}",
    "{c} {vg}{p} {x}",
    "what {v}{p} {x}",
    "{c} {x} {vp}",
    "{c} that {av}{p} {x}",
)
DOING_PASSIVE_KEYWORDS = ("{x} {vp} by", "{x} {vp} by whom", "{x} {vp} by what", "{x} {vp} by {c}")

# What is asked for, {x} does it to.
DONE = (
    *("that {x} {xv}{p}",) * 3,
    "{x} {xv}{p}",
    "which {x} {xv}{p}",
    "that {x} {be} known to {vb}{p}",
)
DONE_PARTICLE = ("{P} which {x} {xv}",)
DONE_PASSIVE = (
    *("{vp} by {x}",) * 3,
    "that {abe} {vp} by {x}",
    "which {abe} {vp} by {x}",
)
DONE_QUESTIONS = (
    *("{asked} {do} {x} {vb}{p}?",) * 4,
    "{x} {xv}{p} {asked}?",
    "{asked} {be} {x} known to {vb}{p}?",
    "{asked} is it that {x} {xv}{p}?",
    "{asked} {be} {x} {vg}{p}?",
)
DONE_PARTICLE_QUESTIONS = ("{P:c} {asked} {do} {x} {vb}?", "{P:c} {asked} {be} {x} known to {vb}?")
DONE_PASSIVE_QUESTIONS = (
    *("{which} {abe} {vp} by {x}?",) * 2,
    "{which} {ahas} been {vp} by {x}?",
    "By {x}, {which} {abe} {vp}?",
    "{which} {abe} known to be {vp} by {x}?",
)
DONE_KEYWORDS = ("{x} {xv}{p}", "{x} {xv}{p} what", "{x} {xv}{p} which {c}", "{c} {x} {xv}{p}", "what {x} {xv}{p}")
DONE_PASSIVE_KEYWORDS = ("{vp} by {x}", "{c} {vp} by {x}", "{x} {c}", "{c} by {x}", "{xs} {c}")

# What is asked for is so with regard to {x}: "located in".
BEING = ("{s} {x}", "that {abe} {s} {x}", "which {abe} {s} {x}", "known to be {s} {x}")
BEING_QUESTIONS = (
    *("{which} {abe} {s} {x}?",) * 4,
    "{which} {abe} known to be {s} {x}?",
    "{which} can be said to be {s} {x}?",
    "{which} {abe} there {s} {x}?",
    "Is {any} {s} {x}, and {w}?",
    "{x}: {which} {abe} {s} it?",
)
BEING_KEYWORDS = ("{s} {x}", "{c} {s} {x}", "what is {s} {x}", "{x} {c}")

# What is asked for, {x} is so with regard to it.
BEEN = ("that {x} {be} {s}", "{x} {be} {s}", "which {x} {be} {s}")
BEEN_PARTICLE = ("{P} which {x} {be}{a}",)
BEEN_QUESTIONS = (
    *("{asked} {be} {x} {s}?",) * 4,
    "{x} {be} {s} {asked}?",
    "{asked} would you say {x} {be} {s}?",
    "{asked} {be} {x} said to be {s}?",
    "{asked} is it that {x} {be} {s}?",
)
BEEN_PARTICLE_QUESTIONS = ("{P:c} {asked} {be} {x}{a}?", "{P:c} {asked} {be} {x} said to be{a}?")
BEEN_PLACE_QUESTIONS = ("Where {be} {x}{a}?", "Where can {x} be found?", "In which place is {x}{a}?")
BEEN_KEYWORDS = ("{x} {s}", "{x} {s} what", "{x} {s} which {c}", "what {x} is {s}", "{x}{a} {P} what")

# What is asked for is one of the group {x}: a club, a country.
BELONGING = ("from {x}", "of {x}", "at {x}", "belonging to {x}", "that {abe} from {x}")
BELONGING_QUESTIONS = (
    "{which} {abe} from {x}?",
    "{which} {abe} of {x}?",
    "{which} {abe} at {x}?",
    "{which} {abe} with {x}?",
)

# What stands before what is asked for, where the pattern goes on with a clause.
HEADS_ONE = (*("the {c}",) * 5, "{ac}", "any {c}", "every {c}")
HEADS_MANY = (
    *("the {c}",) * 5,
    "{c}",
    "all {c}",
    "all the {c}",
    "any {c}",
    "those {c}",
    "the various {c}",
    "some of the {c}",
)
HEADS_UNKNOWN_ONE = ("what", "the one", "the thing")
HEADS_UNKNOWN_MANY = ("those", "the ones", "the things", "all those")
HEADS_PERSON_ONE = ("the one", "the person", "whoever")
HEADS_PERSON_MANY = ("those", "the people", "the ones", "all people")

# What asks for what a noun phrase names.
ASKING = (
    *("{w} {is} {np}?",) * 8,
    "{w}'s {np}?",
    "{w} {was} {np}?",
    "{w} would be {np}?",
    "{w} {is} known as {np}?",
    "{w} could be called {np}?",
    "{w} exactly {is} {np}?",
    "So {w} {is} {np}?",
    "And {w} {is} {np}?",
    "Which {is} {np}?",
    "Which one is {np}?",
    "{np:c} {is} {w}?",
    "{np:c} {is} which?",
    "{np:c}?",
    "{np}",
    "{np} please",
    "Tell me {np}.",
    "Tell me {w} {np} {is}.",
    "Please tell me {np}.",
    "Please name {np}.",
    "Name {np}.",
    "Name {np}, please.",
    "List {np}.",
    "List all there is of {np}.",
    "Give {np}.",
    "Give me {np}.",
    "Show {np}.",
    "Show me {np}.",
    "Find {np}.",
    "Find out {w} {is} {np}.",
    "Find me {np}.",
    "Look up {np}.",
    "Look for {np}.",
    "State {np}.",
    "Identify {np}.",
    "Determine {np}.",
    "Return {np}.",
    "Retrieve {np}.",
    "Specify {np}.",
    "Enumerate {np}.",
    "Search {np}.",
    "Get me {np}.",
    "Mention {np}.",
    "I need {np}.",
    "I want {np}.",
    "I want to know {np}.",
    "I would like to know {np}.",
    "I'd like to know {w} {np} {is}.",
    "I am looking for {np}.",
    "I am trying to find {np}.",
    "I wonder {w} {is} {np}.",
    "I have to know {np}.",
    "I forgot {w} {is} {np}.",
    "Can you tell me {np}?",
    "Can you name {np}?",
    "Can you list {np}?",
    "Can you find {np}?",
    "Could you tell me {w} {np} {is}?",
    "Could you give me {np}?",
    "Would you know {np}?",
    "Do you know {np}?",
    "Do you know {w} {is} {np}?",
    "Does anybody know {np}?",
    "Any idea {w} {is} {np}?",
    "Help me find {np}.",
    "Let me know {np}.",
    "Let me see {np}.",
    "What can you tell me about {np}?",
    "What do we call {np}?",
    "What do we know of {np}?",
    "Question: {w} {is} {np}?",
    "Wanted: {np}",
    "Looking for {np}",
    "searching for {np}",
    "info on {np}",
)
ASKING_NAMES = (  # where what is asked for has a name of its own
    "What {is} the {names} of {np}?",
    "Tell me the {names} of {np}.",
    "Give the {names} of {np}.",
    "What {is} {np} called?",
    "What {is} {np} named?",
    "By what {names} {is} {np} known?",
)
ASKING_CLASS = (
    *("Which {c} {is} {np}?",) * 2,
    *("What {c} {is} {np}?",) * 2,
    "Which {c} would be {np}?",
    "Which {c} {was} {np}?",
    "Name the {c} that {is} {np}.",
    "List the {c} that {is} {np}.",
    "Tell me which {c} {is} {np}.",
    "{np:c} {is} which {c}?",
    "{np:c} {is} what {c}?",
)

# What is asked for has the noun in common with {x}.
SHARING = (
    *("that share {ns} with {x}",) * 2,
    "that share the {n1} with {x}",
    "that share {an} with {x}",
    *("with the same {n1} as {x}",) * 2,
    "that have the same {n1} as {x}",
    "that have the same {ns} as {x}",
    "which have {ns} in common with {x}",
    "having the same {n1} as {x}",
    "sharing {ns} with {x}",
    "sharing the {n1} of {x}",
    "whose {n1} is the same as that of {x}",
    "whose {n1} is also the {n1} of {x}",
    "whose {ns} are also {ns} of {x}",
    "with the {n1} of {x}",
    "with {xs} {n1}",
    "that also have the {n1} of {x}",
    "of the same {n1} as {x}",
    "like {x} in {n1}",
)
SHARING_DEED = (
    "also {vp} by the {n1} of {x}",
    "{vp} by the same {n1} as {x}",
    "{vp} by the {n1} of {x}",
    "{vp} by {xs} {n1}",
    "that the {n1} of {x} also {vd}",
    "that {xs} {n1} {vd}",
    "by the same {n1} as {x}",
    "by the {n1} of {x}",
    "that were {vp} by whoever {vd} {x}",
)
OTHERS = ("the {c}", "{c}", "other {c}", "the other {c}", "all {c}", "all other {c}", "more {c}", "any other {c}")
SHARED_QUESTIONS = (
    "The {n1} of {x} is also the {n1} of which {c}?",
    "{xs} {n1} is also the {n1} of which {c}?",
    "Of which other {c} is the {n1} of {x} the {n1}?",
    "Which {c} and {x} have the same {n1}?",
    "What else has the same {n1} as {x}?",
    "{c:c} like {x} with the same {n1}?",
    "With which {c} does {x} share {an}?",
    "With which {c} does {x} have {an} in common?",
    "Along with {x}, which {c} have that {n1}?",
    "Besides {x}, which {c} have the same {n1}?",
)

# What two named things lead to: {one} and {two} say what each does with it.
TOGETHER = (
    *("Which {c} {one} and {two}?",) * 3,
    "What {c} {one} and {two}?",
    "Which {c} {one} and also {two}?",
    "Which {c} both {one} and {two}?",
    "Which {c} {one} as well as {two}?",
    "Name the {c} that {one} and {two}.",
    "List {c} that {one} and {two}.",
    "Name {c} that {one} and that {two}.",
    "Find all {c} that {one} and {two}.",
    "Give me the {c} that {one} and {two}.",
    "Are there {c} that {one} and {two}?",
    "What are the {c} that {one} and {two}?",
    "{c} that {one} and {two}",
    "the {c} that {one} and that {two}",
    "I am looking for {c} that {one} and {two}.",
    "Of the {c} that {one}, which {two}?",
    "Among the {c} that {one}, which ones {two}?",
)
TOGETHER_WITH = (  # {one} and {two} follow the class
    "the {c} {one} and {two}",
    "{c} {one} and {two}",
    "Name the {c} {one} and {two}.",
    "List all {c} {one} and {two}.",
    "Who or what are the {c} {one} and {two}?",
    "What are the {c} {one} and {two}?",
    "Find {c} {one} and {two}.",
    "Do you know {c} {one} and {two}?",
)
# What is said of it, as a verb phrase.
NOUN_PREDICATES = ("{abe} {n} of {x}", "{abe} the {n} of {x}", "{abe} {xs} {n}", "{abe} among the {ns} of {x}")
NOUN_OF_THAT = ("that {abe} {n} of {x}", "among the {ns} of {x}", "that {x} {has} as {n1}")
WHOSE_PREDICATES = (
    "{ahas} {x} as {n1}",
    "{ahas} {x} as {its} {n1}",
    "{ahas} the {n1} {x}",
    "{ahas} {x} for {an}",
    "{abe} listed with {n1} {x}",
)
DONE_PREDICATES = ("{abe} {vp} by {x}", "{ahas} been {vp} by {x}", "{abe} known to be {vp} by {x}")
DOING_PREDICATES = ("{av}{p} {x}", "{av}{p} {x}", "{abe} known to {vb}{p} {x}")
BEING_PREDICATES = ("{abe} {s} {x}", "{abe} {s} {x}", "{abe} known to be {s} {x}")
COMMON_NOUN = (  # {x} and {y} have the noun in common
    "What {ns} do {x} and {y} have in common?",
    "Which {n1} do {x} and {y} share?",
    "Which {ns} do both {x} and {y} have?",
    "What is the {n1} of both {x} and {y}?",
    "Which {n1} is common to {x} and {y}?",
    "{ns} of both {x} and {y}",
    "What {n1} does {x} share with {y}?",
    "What {ns} are shared by {x} and {y}?",
    "common {ns} of {x} and {y}",
    "Name the {ns} that {x} has in common with {y}.",
    "Which {n1} unites {x} and {y}?",
    "{x} and {y} have which {n1} in common?",
    "Which {ns} belong to {x} as well as to {y}?",
    "What {n1} do {x} and {y} both have?",
)

# Whether {y} is the noun of {x}.
NOUN_CHECKS = (
    *("Is {y} the {n1} of {x}?",) * 2,
    *("Is {y} {xs} {n1}?",) * 2,
    "Is {y} {an} of {x}?",
    "Does {x} have {y} as {n1}?",
    "Does {x} have the {n1} {y}?",
    "Has {x} got {y} as {n1}?",
    "Is it true that {y} is the {n1} of {x}?",
    "Is it right that {x} has {y} as {n1}?",
    "Is the {n1} of {x} {y}?",
    "Is {xs} {n1} {y}?",
    "Would you say that {y} is {an} of {x}?",
    "Can you confirm that {y} is the {n1} of {x}?",
    "{y} is the {n1} of {x}, right?",
    "{xs} {n1} is {y}, isn't it?",
    "is {y} {n1} of {x}",
    "Was {y} the {n1} of {x}?",
    "Among the {ns} of {x}, is there {y}?",
)
DEED_CHECKS = (  # whether {x} does it to {y}
    *("{do:c} {x} {vb}{p} {y}?",) * 3,
    "Is it true that {x} {v}{p} {y}?",
    "Is it right that {x} {v}{p} {y}?",
    "{x} {v}{p} {y}, right?",
    "{do} {x} {vb}{p} {y}",
    "Can it be said that {x} {v}{p} {y}?",
    "Is {x} known to {vb}{p} {y}?",
    "Can you confirm that {x} {v}{p} {y}?",
)
DEED_PASSIVE_CHECKS = (
    *("{be:c} {y} {vp} by {x}?",) * 2,
    "Is it true that {y} {be} {vp} by {x}?",
    "{be:c} {x} what {y} is {vp} by?",
    "Has {y} been {vp} by {x}?",
    "{y} {be} {vp} by {x}, isn't it?",
)
STATE_CHECKS = (
    *("Is {x} {s} {y}?",) * 2,
    "Is it true that {x} is {s} {y}?",
    "{x} is {s} {y}, right?",
    "Would you say that {x} is {s} {y}?",
    "Can you confirm that {x} is {s} {y}?",
)

# What people add.
TAILS = (
    " Thanks!",
    " Thank you.",
    " please",
    " Please.",
    " Any idea?",
    " Be brief.",
    " I'd like to know.",
    " A list will do.",
)
HEADERS = ("Hi, ", "Hello! ", "Quick question: ", "Please, ", "So, ", "Well, ", "Just curious: ", "Question: ", "OK, ")


def count() -> int:
    """How many different patterns there are."""
    tables = [value for name, value in globals().items() if name.isupper() and isinstance(value, tuple)]
    return sum(len(set(table)) for table in tables)
