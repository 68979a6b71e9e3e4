# ruff: noqa: E501 (one pattern or one list of words per line)
"""What individuals write in English: intents x registers over the vocabulary of a subject.

Each sentence has variants at nearly every content word, and a request is composed of an opening, a core, sometimes a
situation, a wish for the form of the answer and a farewell, so that two strangers rarely write the same three words
about the same thing, as in life.
"""

from __future__ import annotations

from random import Random

from stillwatch.worlds.text.phrase import Phrase, Slots, lines, one
from stillwatch.worlds.text.topics import Topic

_CORES: dict[str, tuple[Phrase, ...]] = {
    "how": lines(
        """
        how {do|would|can|should} {I|you|one|we} <job> when {working with|dealing with|it comes to} <thing>?
        what is the {best|easiest|right|quickest|safest} way to <job> {with|for|around} <thing> <scene>?
        {I want|I'd like|I am trying|we need} to <job> <scene>. {Where do I start|What comes first|What should I watch out for}?
        {Walk|Talk|Take} me through how to <job>{ without ruining| and keep| with} <thing>.
        """
    ),
    "why": lines(
        """
        why {does|would|might} <thing> {behave|act|turn out} {like this|so differently|this way} <scene>?
        {Any idea|Do you know|Can you tell me} why <snag> {whenever|every time|as soon as} I <job>?
        <snag> and I {cannot|can't|don't} {see|work out|figure out|tell} why. It {involves|is about|concerns} <thing>.
        what {causes|explains|is behind} it when <snag>, {given|considering|even with} <thing>?
        """
    ),
    "fix": lines(
        """
        {help|please help}, <snag> with <thing> <scene>. {What now|How do I fix it|Can it be saved}?
        I tried to <job> but <snag>. What did I {do wrong|miss|overlook}?
        <snag>. I have already {checked|looked at|replaced} <thing> and {it made no difference|nothing changed|that was not it}.
        after I {decided|went|attempted} to <job>, <snag>; {how can I rescue it|what would you try next|is there a remedy}?
        """
    ),
    "compare": lines(
        """
        {which is better|what would you choose|which one wins} <scene>: <thing> or <other>?
        compare <thing> {and|with} <other> {for somebody who|for a person who} wants to <job>.
        {pros and cons|advantages and drawbacks|upsides and downsides} of <thing> {against|versus|over} <other> <scene>
        is <thing> {really|actually|still} {worth it|preferable|superior} if I {already have|own|use} <other>?
        """
    ),
    "plan": lines(
        """
        {make|draft|sketch|write} a {plan|schedule|checklist} for {the weekend|next week|three evenings|a month}: <job>, then <job>, <scene>.
        I have {two hours|half a day|one evening|ten days} to <job>. {Plan it|Split it up|Put it in order} for me.
        {set up|outline|propose} a {routine|timetable|to-do list} around <thing> <scene>, {leaving room|with time} to <job>.
        """
    ),
    "explain": lines(
        """
        explain <thing> {to a beginner|in plain words|as if I were nine|with an example|briefly} <scene>
        what {exactly|actually|really} is <thing>, and {why does it matter|how does it relate to|what has it to do with} <other>?
        {teach me|I want to understand|give me the idea behind} <thing> so that I can <job>.
        what do people mean {by|when they mention} <thing> <scene>?
        """
    ),
    "write": lines(
        """
        {write|compose|draft} a {short note|friendly message|polite email|notice|post} to {my neighbour|the landlord|our club|a supplier|my sister} about <thing>, since <snag>.
        {turn|make|shape} this into a {paragraph|caption|reply|toast}: <thing>, <other>, <scene>, and that we want to <job>
        I need {a title|three titles|a slogan|a name} for a {talk|stall|blog post|leaflet} on <thing> <scene>.
        {a poem|a limerick|four lines|a haiku} about <thing>, {please|and mention <other>|nothing too sweet}
        """
    ),
    "reckon": lines(
        """
        {if|suppose|say} I have <number> {of them|units|pieces} and <number> {more|others} for <thing>, how many {are left|do I need|is that in all} <scene>?
        how {long|much|many} {does it take|do I need|should I allow} to <job> with <number> {people|litres|minutes|metres}?
        {work out|estimate|calculate} <number> times <number> {minus|plus|divided by} <number> for <thing>{, rounded|. Show the result only|}
        """
    ),
    "list": lines(
        """
        {list|name|give me} {five|six|seven|ten} {mistakes|ideas|tools|tips} {for|around|about} <thing> <scene>
        what {do I need|should I buy|must I pack} to <job> <scene>? {A list is fine|Just the list|Group it sensibly}.
        {which questions|what} should I ask before I <job> {or touch|and before I buy|with} <thing>?
        """
    ),
    "opinion": lines(
        """
        is it {silly|reasonable|overkill|too late} to <job> <scene>?
        {be honest|tell me straight|your view}: should I {give up on|keep|sell|start with} <thing>?
        my {uncle|teacher|colleague|neighbour} {says|insists|believes} <thing> {is useless|is all you need|beats <other>}. {True|Is that so|Agree}?
        """
    ),
}  # fmt: skip
INTENTS = tuple(_CORES)

_OPENINGS = lines(
    """
    {hi|hello|hey|good morning|evening} {there|all|}{,|!|.}
    {quick question|one question|something odd|a small thing}:
    {sorry if this is basic|not sure where to ask|thanks in advance|long time reader}{,|.|:}
    {so|ok|okay|right}{,|...} {I|we} {have been|spent|lost} {a week|hours|all day|two evenings} on <thing>.
    """
)
_SITUATIONS = lines(
    """
    {Some background|For context|Context}: {this is|we are|it is} <scene>, and {last time|yesterday|in spring} <snag>.
    I {usually|normally|sometimes} {use|rely on|begin with} <thing>, {never|rarely|not} <other>.
    {My budget is|I have about|We can spend} <number> {euros|dollars|pounds}{ at most|, maybe more|}.
    {A friend|The manual|A video} {told me|said|claims} to <job> first, {but|yet|though} <snag>.
    {Please bear in mind|Keep in mind|Note} that I {work|am|do this} <scene>.
    """
)
_FORMS = lines(
    """
    {Keep it short|A few lines will do|No long lecture|One paragraph, please}.
    {Bullet points|A table|Numbered steps|Plain text} {please|would help|is best}.
    {Be specific|Give numbers|Name a source|Give an example}{ if you can|, please|}.
    {Explain|Say|Tell me} {also|too} what could go wrong.
    """
)
_FAREWELLS = lines(
    """
    {thanks|thank you|cheers|many thanks|ta}{!|.|}
    {much appreciated|you are a star|I owe you one}{!|.}
    """
)
_FOLLOW_UPS = lines(
    """
    {and|ok, and} if <snag>?
    {what about|and for|does it also hold for} <thing>?
    {can you|could you|please} {shorten|expand|rephrase|reorder} {that|the last part|the second point}{, please|?}
    {I tried that|did it|done}, {but|and now} <snag>.
    {why|how come}? {I thought|I was told} you {should|can't|must} <job> {first|afterwards|never}.
    {great|perfect|good}, {now|next} {give|do|make} {the same|it} <scene>.
    {hm|hmm|not quite}: I meant <thing>, not <other>.
    {so|then} {in my case|for me} it is better to <job>?
    """
)


def _slots(dice: Random, topic: Topic) -> Slots:
    return {
        "thing": lambda: one(dice, topic.things),
        "other": lambda: one(dice, topic.things),
        "job": lambda: one(dice, topic.jobs),
        "snag": lambda: one(dice, topic.snags),
        "scene": lambda: one(dice, topic.scenes),
        "number": lambda: str(int(dice.lognormvariate(3.2, 1.2)) + 2),
    }


def _sloppy(dice: Random, text: str) -> str:
    """The same in a hurry: lower case, a letter lost here and there."""
    text = text.lower()
    if len(text) > 20 and dice.random() < 0.6:
        at = int(dice.random() * (len(text) - 2)) + 1
        text = text[:at] + text[at + 1 :]
    return text


def request(dice: Random, topic: Topic, register: float) -> str:
    """A first message; ``register`` runs from 0 (terse, sloppy) to 1 (wordy, polite)."""
    slots = _slots(dice, topic)
    core = one(dice, _CORES[one(dice, INTENTS)]).say(dice, slots)
    parts = [core[0].upper() + core[1:] if register > 0.35 else core]
    if dice.random() < 0.15 + 0.5 * register:
        parts.insert(0 if dice.random() < 0.4 else 1, one(dice, _SITUATIONS).say(dice, slots))
    if dice.random() < 0.35 * register:
        parts.insert(0, one(dice, _OPENINGS).say(dice, slots))
    if dice.random() < 0.3:
        parts.append(one(dice, _FORMS).say(dice))
    if dice.random() < 0.4 * register:
        parts.append(one(dice, _FAREWELLS).say(dice))
    text = " ".join(parts)
    return _sloppy(dice, text) if register < 0.3 else text


def follow_up(dice: Random, topic: Topic, register: float) -> str:
    """A later message of the same conversation."""
    text = one(dice, _FOLLOW_UPS).say(dice, _slots(dice, topic))
    return text if register < 0.4 else text[0].upper() + text[1:]
