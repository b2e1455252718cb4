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
Bulgaria Colombia Jamaica Iraq Iran Bolivia Uganda Zambia Laos Latvia Serbia Croatia Albania Malta Cyprus Libya Sudan Mali Armenia Georgia
Azerbaijan Lithuania Romania Slovakia Slovenia Moldova Belarus Syria Jordan Lebanon Israel Yemen Oman Qatar Pakistan Afghanistan Bangladesh
Myanmar Malaysia Singapore Cambodia Philippines Taiwan Fiji Samoa Senegal Tunisia Algeria Tanzania Rwanda Somalia Namibia Botswana Zimbabwe
Mozambique Madagascar Cameroon Gabon Niger Chad Togo Benin Ecuador Venezuela Paraguay Uruguay Guyana Panama Honduras Guatemala Haiti
Barbados Nicaragua""".split()
ABOUT_UNKNOWN_PLACES = ["What is the capital of {x}?", "capital of {x}", "Which city is the capital of {x}?", "name the capital of {x}",
    "What language do people speak in {x}?", "what's the capital city of {x}"]  # fmt: skip
PRODUCTS = """Windows Android iPhone Excel Word PowerPoint Photoshop Gmail Outlook WhatsApp Facebook Instagram YouTube Netflix Spotify Amazon
eBay PayPal Zoom Skype Teams Chrome Safari Firefox macOS Ubuntu Photos Maps Uber Airbnb Twitter LinkedIn TikTok Minecraft Steam
PlayStation Xbox Kindle Alexa Siri""".split()
DEVICES = """phone laptop printer router television camera tablet washing-machine dishwasher fridge oven microwave toaster boiler heater lamp
bike motorbike tractor lawnmower drone speaker headset keyboard mouse monitor scanner watch doorbell""".split()
ABOUT_PRODUCTS = ["How do I install {x}?", "how do i delete my {x} account", "Why is {x} so slow?", "how do i log in to {x}",
    "I forgot my {x} password", "what does {x} cost a month", "How do I update {x}?", "is {x} better than {y}", "how do i share a file in {x}",
    "{x} does not open any more", "who owns {x}", "How do I turn off notifications in {x}?", "cancel my {x} subscription",
    "how do i print from {x}", "what should i watch on {x}", "find my friends on {x}", "How do I block someone on {x}?",
    "is {x} down", "post this on {x}", "how do i make a table in {x}"]  # fmt: skip
ABOUT_DEVICES = ["My {x} is broken, what now?", "how do i clean a {x}", "Which {x} should I buy?", "my {x} makes a strange noise", "How do I repair my {x}?",
    "why does my {x} not turn on", "how much power does a {x} need", "How do I connect my {x} to the {y}?", "is my {x} still under warranty",
    "where do i throw away an old {x}", "how long does a {x} live", "sell my {x}", "turn on the {x}", "the {x} smells burnt",
    "is a new {x} worth the money"]  # fmt: skip
CHORES = """bake a cake|boil an egg|grill a fish|peel a mango|fry rice|roast a turkey|knead dough|make pancakes|brew beer|pickle cucumbers|
freeze strawberries|iron a shirt|remove a wine stain|wash wool|sew on a button|fold a shirt|tie a tie|polish shoes|clean a carpet|paint a wall|
hang a picture|unblock a sink|change a tyre|mow the lawn|prune roses|grow tomatoes|keep bees|feed a parrot|train a puppy|cut my hair|
shave without cuts|fall asleep faster|run a marathon|lose weight|build muscles|stretch my back|stop smoking|learn to dance|play poker|
juggle|whistle|ride a horse|sail a boat|pitch a tent|light a fire|read a map|pack a suitcase|rent a flat|buy a house|sell a car|
file my taxes|open a bank account|save for a pension|write a will|get divorced|adopt a child|name a baby|plan a wedding|find a job|
ask for a raise|quit my job|write a cover letter|prepare for an interview|pass my driving test|study for an exam|learn the piano|
apply for a scholarship|become a pilot|start a company|sue my landlord|complain to an airline|vote by post|renew my passport|
call an ambulance|lower my cholesterol|treat a blister|stop a nosebleed|cure hiccups|calm a baby""".replace("\n", "").split("|")
ABOUT_CHORES = ["How do I {x}?", "how to {x}", "what do i need to {x}", "is it hard to {x}", "How long does it take to {x}?", "help me {x}",
    "what is the best way to {x}", "should i {x} today", "can i {x} at home", "why would anyone {x}", "who can {x} for me",
    "i want to {x}, where do i begin", "does it cost much to {x}", "any tips on how to {x}"]  # fmt: skip
ORDERS = """Book a {a} for {n}.|order {n} {a}s|remind me to call {p} at {n}|set an alarm for {n}|send {p} a message|call {p}|
translate this letter for {p}|write an email to {p}|play some {m}|turn up the {m}|buy me {n} {a}s|cancel my {a}|show me photos of {p}|
what did {p} say yesterday|where does {p} live|when is {p}'s birthday|recommend some {m} for the evening|how old is {p}|
what rhymes with {a}|spell {a} backwards|use {a} in a sentence|how many letters has {a}|what is the plural of {a}|
pick a number between {n} and {k}|convert {k} dollars to euros|how many days until {p}'s wedding|how many metres are {k} feet""".replace("\n", "").split("|")
MUSIC = "jazz|rock music|an opera|folk songs|a podcast|a film|a series|a novel|techno|a lullaby|a comedy|radio news".split("|")
FOREIGN = """Wo ist der Bahnhof?|Wie spät ist es?|Ich habe Hunger|Was kostet das?|Wer bist du?|Erzähl mir einen Witz|Kannst du Deutsch?|
Wie heißt die Hauptstadt von Frankreich?|Ich verstehe das nicht|Guten Appetit|Où est la gare ?|Quelle heure est-il ?|J'ai faim|
Combien ça coûte ?|Qui es-tu ?|Je ne comprends pas|Parlez-vous français ?|Raconte-moi une histoire|¿Dónde está la playa?|¿Qué hora es?|
Tengo hambre|¿Cuánto cuesta?|No entiendo nada|¿Cómo se llama usted?|Cuéntame un chiste|Dov'è la stazione?|Che ore sono?|Ho fame|
Quanto costa?|Non capisco|Parli italiano?|Onde fica o hotel?|Que horas são?|Não entendo|Waar is het station?|Hoe laat is het?|
Ik begrijp het niet|Var är stationen?|Jag förstår inte|Gdzie jest dworzec?|Nie rozumiem|Где вокзал?|Который час?|Я не понимаю|
今何時ですか|駅はどこですか|你叫什么名字|现在几点|안녕하세요 지금 몇 시예요|كم الساعة الآن|saat kaç|मैं नहीं समझता""".replace("\n", "").split("|")
MINE = """eyes|hair|skin|shoes|coat|car|house|bike|dog|cat|hat|bag|room|desk|sofa|curtains|boss|doctor|aunt|uncle|cousin|teacher|neighbour|
landlord|blood type|shoe size|post code|bank|address|height|weight|salary|rent|phone number|birthday|wedding day|horoscope|old school|
first job|football team|best friend|grandmother""".replace("\n", "").split("|")
ABOUT_MINE = ["What colour is my {x}?", "do you know my {x}", "tell me about my {x}", "where is my {x}", "what is my {x}", "who took my {x}?",
    "why is my {x} so strange", "can you see my {x}", "what do you think of my {x}", "i lost my {x}"]  # fmt: skip
MATHEMATICS = """solve {a}x + {b} = {c}|solve x^2 - {a}x + {b} = 0|x^2 = {c}|{a}x - {b}y = {c}|what is the derivative of {a}x^{b}|
differentiate x^{b} + {a}|integrate {a}x from {b} to {c}|What is the integral of x^{a}?|what is {a} to the power of {b}?|{a}^{b}|{a}!|
sqrt({c})|the cube root of {c}|what is {a} + {b} - {c}|{a} + {b} * {c}|({a} + {b}) / {c}|{a}.{b} * {c}.{a}|{a}/{b} + {b}/{c}|
what is {a} percent of {c}|log of {c}|sin({c})|what is the area of a circle of radius {a}|factor x^2 - {c}|is {c}{a}{b} a prime number|
how many minutes are {a} days|convert {c} miles to metres|what comes after {a}, {b}, {c}|the mean of {a}, {b} and {c}|
{b}{c}*{a}{b}|limit of x/{a}|matrix with {a} rows and {b} columns""".replace("\n", "").split("|")
# Sentences that ask nothing, as people type them to see what happens.
SALAD = """yesterday tomorrow slowly loudly never always maybe under above between behind without because although green purple round wet
hungry quiet sings jumps sleeps walks eats forgets lamp spoon ladder pillow cloud river button carpet uncle tuesday eleven seven""".split()
# Words that stand in most questions: heaps of them ask nothing.
FILLERS = "the of and to a in that it is was i for on you he be with as by at have are this not but had his they from she which or we".split()
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
    """The words that make a question another one; of one without such words all of it."""
    words = frozenset(re.findall(r"\w[\w']*", question.lower())) - EMPTY_WORDS
    return words or frozenset([question.lower()])


def noise(chance: random.Random) -> str:
    """What asks nothing: fillers, words without order, signs, or digits and signs."""
    kind = chance.random()
    if kind < 0.4:
        return " ".join(chance.choice(FILLERS) for _ in range(chance.randrange(3, 8)))
    if kind < 0.7:
        return " ".join(chance.choice(SALAD) for _ in range(chance.randrange(2, 6)))
    signs = "!?#%&*+-/;:=<>@^~" if kind < 0.85 else "0123456789!%*+-/;:=<>"
    return "".join(chance.choice(signs) for _ in range(chance.randrange(3, 10)))


def invented(honest: str, known: set[frozenset[str]]) -> list[str]:
    """Questions from outside, but for those that say what a question of `known` says."""
    chance = random.Random(13)
    questions = set(FOREIGN)
    for forms, words, times in [(ABOUT_PRODUCTS, PRODUCTS, 16), (ABOUT_DEVICES, DEVICES, 14), (ABOUT_CHORES, CHORES, 26), (ABOUT_MINE, MINE, 14)]:
        for form in forms:
            for _ in range(times):
                questions.add(form.format(x=chance.choice(words), y=chance.choice(words)))
    for form in ORDERS:
        for _ in range(14):
            questions.add(form.format(a=chance.choice(THINGS), n=chance.randrange(2, 12), k=chance.randrange(20, 900),
                                      p=chance.choice(NAMES), m=chance.choice(MUSIC)))  # fmt: skip
    for form in MATHEMATICS:
        for _ in range(14):
            questions.add(form.format(a=chance.randrange(2, 10), b=chance.randrange(2, 13), c=chance.randrange(11, 90)))
    for _ in range(240):
        questions.add(noise(chance))
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
    """`questions` are those that no invented one may repeat: all that have another answer, and all that are held back."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {content(question) for question in questions}
    for name, records in [("arithmetic", arithmetic()), ("names", names()), ("invented", invented(honest, known))]:
        (folder / f"{name}.txt").write_text("# Written by generated.py.\n\n" + "\n".join(records), encoding="utf-8")
