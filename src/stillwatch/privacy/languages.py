"""In which language texts are mostly written, told by their script and, in Latin letters, by their commonest words.

Contract: pure; counts words and keeps no text. It is for rates over many accounts, not for saying of one text what it
is: what has too few known words is ``Latin, unclear``, and languages that are not listed are, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from stillwatch.privacy import scripts

_COMMON: Mapping[str, str] = {
    "Dutch": "het een van niet met voor dat zijn naar ook wordt maar deze bij als mijn",
    "English": "the and of to with that this from have which would your are for you is in it please",
    "French": "le les des est une dans pour que avec vous pas sur ce qui et au je la du",
    "German": "der die und das nicht mit für ist ein eine auf bitte wie sie von zu den dem im ich",
    "Indonesian": "yang dan untuk dengan adalah ini tidak dari pada saya itu dalam",
    "Italian": "il gli che una per con della sono non di nel è lo delle alla mi questo",
    "Polish": "nie jest się oraz dla na że jak to czy przez proszę mi w z o",
    "Portuguese": "o os uma para com não por do da em você um no na são isso como",
    "Spanish": "el los las una para con por que del como está un en la es y lo su",
    "Swedish": "och att det som för inte är en på med av till jag kan ett",
    "Turkish": "ve bir için bu ile da de mi ne olarak gibi daha çok",
}
_LANGUAGES: dict[str, tuple[str, ...]] = {}
for _language, _words in _COMMON.items():
    for _word in _words.split():
        _LANGUAGES[_word] = (*_LANGUAGES.get(_word, ()), _language)
_OF_SCRIPT = {"Han": "Chinese", "Hangul": "Korean"}
"""Scripts that one language is written in; others stand for themselves."""
_WORD = re.compile(r"[^\W\d_]+")
LEAST_WORDS, LEAD = 3, 1.2
UNCLEAR = "Latin, unclear"


def counts(text: str) -> Counter[str]:
    """Known words by language; a word that several languages have counts for each."""
    return Counter(language for word in _WORD.findall(text.lower()) for language in _LANGUAGES.get(word, ()))


def dominant(letters: Counter[str], words: Counter[str]) -> str:
    """The language of most of it; empty where there are no letters."""
    script = scripts.dominant(letters)
    if script != "Latin":
        return _OF_SCRIPT.get(script, script)
    (first, most), (_, second) = (*words.most_common(2), ("", 0), ("", 0))[:2]
    return first if most >= LEAST_WORDS and most >= LEAD * second else UNCLEAR
