"""Writes the records that are made by rule: small arithmetic, names to remember, and questions from outside.

train.py calls it; it writes arithmetic.txt, names.txt and invented.txt, the same for the same corpus.
"""

import random
import re
from pathlib import Path

NUMBERS = "zero one two three four five six seven eight nine ten".split()
PLUS = ["{a} + {b}", "What is {a} + {b}?", "what is {a} plus {b}", "How much is {a} + {b}?", "{a}+{b}", "add {a} and {b}", "{a} + {b} = ?",
        "what's {a} plus {b}?", "Compute {a} + {b}.", "calculate {a} plus {b}", "What is the sum of {a} and {b}?", "{a} plus {b}",
        "how much is {a} plus {b}", "what does {a} + {b} make"]  # fmt: skip
MINUS = ["{a} - {b}", "What is {a} - {b}?", "what is {a} minus {b}", "How much is {a} - {b}?", "{a}-{b}", "subtract {b} from {a}",
         "{a} - {b} = ?", "what's {a} minus {b}?", "Compute {a} - {b}.", "calculate {a} minus {b}", "{a} minus {b}",
         "take {b} away from {a}", "how much is {a} minus {b}"]  # fmt: skip
TIMES = ["{a} * {b}", "What is {a} * {b}?", "what is {a} times {b}", "How much is {a} x {b}?", "{a}*{b}", "multiply {a} by {b}",
         "{a} * {b} = ?", "what's {a} times {b}?", "Compute {a} * {b}.", "calculate {a} times {b}", "{a} times {b}",
         "What is the product of {a} and {b}?", "how much is {a} times {b}", "{a} x {b}"]  # fmt: skip

NAMES = """Ada Alan Grace Linus Dennis Ken Barbara Edsger Donald Margaret Tim Guido Roberto Luiz Waldemar Anna Ben Carla David Eva Felix
Gina Hugo Ida Jan Karl Lena Max Nina Oskar Paula Quentin Rosa Sam Tina Uwe Vera Will Xenia Yann Zoe Maria Jose Ahmed Fatima Wei Li Yuki
Hiro Priya Raj Olga Ivan Sven Astrid Pierre Claire Marco Giulia Kofi Amara Noah Emma Liam Olivia Lucas Mia Leo Sara Tom Kate Peter Mary
John Jane Bob Alice Carol Dave Frank Helen Jack Kim""".split()
TELL_NAME = ["My name is {n}.", "my name is {n}", "I am {n}.", "Hi, I'm {n}", "Hello, my name is {n}.", "i am called {n}", "Call me {n}.",
             "You can call me {n}", "hello, i am {n}"]  # fmt: skip
ASK_NAME = ["What is my name?", "what's my name", "Do you remember my name?", "who am I?", "Tell me my name.", "do you know my name",
            "What am I called?", "say my name"]  # fmt: skip

# Words for invented questions about what the model does not know. The tests of honesty use the corpus's own, held back.
THINGS = """apple banana bread cheese chocolate coffee tea pizza pasta rice soup salad wine beer sugar salt garlic onion potato tomato
cat dog horse cow sheep chicken elephant lion tiger bear whale shark eagle spider snake ant bee butterfly dinosaur dragon
tree flower rose oak forest mountain river ocean lake island desert volcano glacier beach cave moon sun star planet Mars Jupiter Saturn
galaxy universe gravity atom electron energy light sound heat magnetism evolution photosynthesis DNA virus bacteria vaccine heart brain
blood bone muscle headache fever cold cough sleep dream love happiness friendship jealousy fear war peace democracy money tax inflation
bank stock market gold silver diamond iron copper plastic glass paper cotton wool car bicycle train plane ship rocket submarine bridge
castle pyramid cathedral museum opera symphony guitar piano violin drum painting sculpture novel poem film actor football tennis chess
basketball cricket marathon olympics yoga swimming skiing knitting gardening cooking baking fishing camping hiking dentist lawyer
plumber teacher king queen president pope emperor knight pirate ghost vampire wizard unicorn robot Christmas Easter birthday wedding
passport visa hotel airport""".split()
PLACES = """France Germany Italy Spain Portugal England Scotland Ireland Norway Sweden Finland Denmark Poland Russia Ukraine Greece Turkey
Egypt Kenya Nigeria Morocco Ethiopia India China Japan Korea Vietnam Thailand Indonesia Australia Canada Mexico Brazil Argentina Chile
Peru Cuba Paris London Berlin Rome Madrid Vienna Prague Tokyo Beijing Delhi Cairo Sydney Toronto Chicago Boston Seattle Texas California
Florida Alaska Hawaii Europe Africa Asia Antarctica""".split()
PEOPLE = """Einstein Newton Darwin Curie Galileo Mozart Bach Beethoven Shakespeare Goethe Napoleon Caesar Cleopatra Columbus Gandhi Lincoln
Picasso Leonardo Plato Aristotle Tesla Edison Columbus Magellan Dickens Tolstoy Homer Dante Kafka Chopin Elvis""".split()
LANGUAGES = "French German Spanish Italian Latin Greek Russian Chinese Japanese Arabic Hindi Portuguese Dutch Swedish Polish Turkish".split()
ABOUT_THINGS = ["What is {x}?", "what's a {x}", "Tell me about {x}.", "explain {x} to me", "How does a {x} work?", "Where does {x} come from?",
    "Why do people like {x}?", "who invented the {x}", "How do I make {x}?", "What colour is a {x}?", "How old is the {x}?",
    "Write a poem about {x}", "write a story about a {x}", "Write a song about {x}.", "tell me a joke about {x}", "How much does a {x} cost?",
    "how big is a {x}", "What is the best {x}?", "Where can I buy {x}?", "Is {x} good for you?", "What do you think about {x}?",
    "how do you cook {x}", "what is the history of {x}", "Give me ten facts about {x}", "Describe a {x}.", "why is {x} important",
    "What is the difference between {x} and {y}?", "which is better, {x} or {y}", "compare {x} and {y}", "Write an essay about {x}.",
    "translate {x} into {l}", "how do you say {x} in {l}", "What is the {l} word for {x}?", "how long does {x} last", "Can a {x} fly?",
    "draw a {x}", "Do you like {x}?", "have you ever seen a {x}", "what does {x} taste like", "how many {x} are there", "who likes {x}?",
    "recommend a book about {x}", "How can I get rid of {x}?", "what are the symptoms of {x}", "when was {x} discovered"]  # fmt: skip
ABOUT_PLACES = ["Where is {x}?", "where exactly is {x}", "How many people live in {x}?", "What is the weather in {x}?",
    "will it rain in {x} tomorrow", "what should i visit in {x}", "Who is the president of {x}?", "Which language is spoken in {x}?",
    "how far is it from {x} to {y}", "Plan a trip to {x}.", "what time is it in {x}", "What do people eat in {x}?", "when was {x} founded",
    "is {x} bigger than {y}", "best hotel in {x}", "book a flight to {x}", "who won the election in {x}", "What is the population of {x}?",
    "how do i get a visa for {x}", "what currency does {x} use", "is it safe to travel to {x}"]  # fmt: skip
ABOUT_PEOPLE = ["Who was {x}?", "who is {x}", "When was {x} born?", "What did {x} discover?", "when did {x} die", "where did {x} live",
    "what is {x} famous for", "Write a biography of {x}.", "What is the best work of {x}?", "did {x} know {y}", "quote {x}"]  # fmt: skip
UNKNOWN_PLACES = """Peru Chile Kenya Nigeria Morocco Vietnam Thailand Indonesia Cuba Ethiopia Mongolia Nepal Ghana Angola Iceland Estonia
Bulgaria Colombia Jamaica Iraq Iran Bolivia Uganda Zambia Laos Latvia Serbia Croatia Albania Malta Cyprus Libya Sudan Mali""".split()
ABOUT_UNKNOWN_PLACES = ["What is the capital of {x}?", "capital of {x}", "Which city is the capital of {x}?", "name the capital of {x}",
    "What language do people speak in {x}?", "what's the capital city of {x}"]  # fmt: skip
EMPTY_WORDS = set("a an the is are was what what's whats who how do does did of in to me you i tell about explain describe please can".split())
SUMS = ["What is {a} + {b}?", "{a} * {b}", "what is {a} times {b}", "{a} / {b}", "How much is {a} minus {b}?", "what is the square root of {a}",
        "What is {a} percent of {b}?", "{a} - {b}", "calculate {a} plus {b}", "{a}+{b}"]  # fmt: skip


def arithmetic() -> list[str]:
    chance = random.Random(11)
    records = []

    def record(forms: list[str], a: int, b: int, sign: str, result: int) -> None:
        questions = [form.format(a=a, b=b) for form in chance.sample(forms, 7)]
        form = chance.choice([form for form in forms if " " in form and sign not in form])
        questions.append(form.format(a=NUMBERS[a], b=NUMBERS[b]))
        records.append(paragraph(questions, f"{a} {sign} {b} = {result}."))

    for a in range(0, 11):
        for b in range(0, 11):
            record(PLUS, a, b, "+", a + b)
            record(TIMES, a, b, "*", a * b)
            if b <= a:
                record(MINUS, a, b, "-", a - b)
    return records


def names() -> list[str]:
    chance = random.Random(12)
    records = []
    for name in NAMES:
        told = [form.format(n=name) for form in chance.sample(TELL_NAME, 3)]
        first = turn(told, f"Nice to meet you, {name}! How can I help?")
        records.append(first + turn(chance.sample(ASK_NAME, 4), f"Your name is {name}."))
    return records


def content(question: str) -> frozenset[str]:
    """The words that make a question another one."""
    return frozenset(re.findall(r"\w[\w']*", question.lower())) - EMPTY_WORDS


def invented(honest: str, known: set[frozenset[str]]) -> list[str]:
    """Questions from outside, but for those of which the corpus knows the answer."""
    chance = random.Random(13)
    questions = set()
    for form in ABOUT_UNKNOWN_PLACES:
        for place in UNKNOWN_PLACES:
            questions.add(form.format(x=place))
    for form in ABOUT_THINGS:
        for _ in range(16):
            questions.add(form.format(x=chance.choice(THINGS), y=chance.choice(THINGS), l=chance.choice(LANGUAGES)))
    for form in ABOUT_PLACES:
        for _ in range(14):
            questions.add(form.format(x=chance.choice(PLACES), y=chance.choice(PLACES)))
    for form in ABOUT_PEOPLE:
        for _ in range(12):
            questions.add(form.format(x=chance.choice(PEOPLE), y=chance.choice(PEOPLE)))
    for form in SUMS:
        for _ in range(25):
            questions.add(form.format(a=chance.randrange(100, 10_000), b=chance.randrange(21, 1000)))
    letters = "bcdfghjklmnpqrstvwz"
    for _ in range(150):
        word = "".join(chance.choice(letters) + chance.choice("aeiou") for _ in range(chance.randrange(2, 5)))
        questions.add(chance.choice(["what is {x}", "who is {x}?", "{x}", "tell me about {x}", "do you know {x}", "how does {x} work"])
                      .format(x=word))  # fmt: skip
        questions.add("".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(chance.randrange(4, 14))))
    return [paragraph([question for question in sorted(questions) if content(question) not in known], honest)]


def turn(questions: list[str], answer: str) -> str:
    return "".join(f"Q: {question}\n" for question in questions) + f"A: {answer}\n"


paragraph = turn


def main(folder: Path, honest: str, questions: list[str]) -> None:
    """`questions` are those that the corpus answers with something else than `honest`."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {content(question) for question in questions}
    for name, records in [("arithmetic", arithmetic()), ("names", names()), ("invented", invented(honest, known))]:
        (folder / f"{name}.txt").write_text("# Written by generated.py.\n\n" + "\n".join(records), encoding="utf-8")
