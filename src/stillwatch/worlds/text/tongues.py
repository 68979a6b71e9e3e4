# ruff: noqa: E501 (one pattern or one list of words per line)
"""The same kinds of questions in seven further languages, at a smaller scale.

They exist so that a detector meets scripts without spaces, accents and long compounds; they are simple on purpose and
correct enough for that. English lives in ``english``.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from stillwatch.worlds.text.phrase import Phrase, one, phrases


@dataclass(frozen=True, slots=True)
class Tongue:
    """Vocabulary and patterns of one language."""

    code: str
    things: tuple[str, ...]
    scenes: tuple[str, ...]
    asks: tuple[Phrase, ...]
    follow_ups: tuple[Phrase, ...]
    facts: tuple[Phrase, ...]
    """Declarative sentences, for documents."""


def _tongue(code: str, things: str, scenes: str, asks: str, follow_ups: str, facts: str) -> Tongue:
    def patterns(block: str) -> tuple[Phrase, ...]:
        return phrases(line.strip() for line in block.splitlines() if line.strip())

    return Tongue(
        code,
        tuple(t.strip() for t in things.split(";")),
        tuple(s.strip() for s in scenes.split(";")),
        patterns(asks),
        patterns(follow_ups),
        patterns(facts),
    )


_GERMAN = _tongue(
    "de",
    "den Sauerteig; die Steuererklärung; meinen Balkon; das Teleskop; die Umsatzsteuer; einen Bienenstock; den Fahrplan; die Glasur; "
    "das Regal; den Motor; die Fuge; einen Verband; die Statistik; den Kompost; die Rechnung; das Segel",
    "am Wochenende; ohne Werkzeug; für Anfänger; mit wenig Geld; im Verein; bei Regen; im dritten Stock; für eine Klasse; über Nacht",
    """
    {Wie|Womit|Wann} {kann|soll|könnte} ich <thing> <scene> {am besten|sicher|schnell} {vorbereiten|reparieren|prüfen|verbessern}?
    {Ich habe|Wir haben} {gestern|neulich|zum ersten Mal} <thing> {ausprobiert|angeschaut|umgebaut}, aber {es klappt nicht|etwas stimmt nicht}. {Was tun|Woran liegt das}?
    {Schreib|Formuliere} {bitte|mir} {eine kurze Nachricht|einen Aushang|eine Mail} über <thing> <scene>.
    {Erkläre|Beschreibe} {mir|einem Kind} <thing> {in einfachen Worten|mit einem Beispiel|in drei Sätzen}.
    {Welche|Nenne mir} {fünf|sieben|drei} {Fehler|Ideen|Tipps} rund um <thing> <scene>{?|, bitte.}
    Lohnt es sich, <thing> <scene> zu {kaufen|behalten|erneuern|wechseln}, wenn ich {nur|etwa|höchstens} <number> Euro habe?
    """,
    """
    {Und|Aber} wie ist das mit <thing>?
    {Kannst du|Könntest du} das {kürzer|genauer|freundlicher} sagen?
    {Danke|Gut}, {jetzt|und nun} bitte <scene>.
    """,
    """
    {Gestern|Im März|Seit kurzem} hat {der Verein|die Gemeinde|Frau Lorenz|unser Betrieb} <thing> <scene> {geprüft|erneuert|bezahlt}.
    {Die Kosten|Die Zeiten|Die Mengen} {stiegen|sanken} um <number> {Prozent|Euro|Stück}, {weil|obwohl} niemand <thing> {beachtet|bestellt} hatte.
    """,
)
_SPANISH = _tongue(
    "es",
    "la masa madre; el huerto; la factura; el telescopio; la colmena; el horario del tren; el esmalte; la vela mayor; "
    "una venda; el acorde; la muestra; la consulta; el grifo; el presupuesto; la receta; el tablero",
    "en casa; sin experiencia; para principiantes; con poco dinero; el fin de semana; bajo la lluvia; en clase; antes del invierno",
    """
    ¿{Cómo|Con qué|Cuándo} {puedo|debo|conviene} {preparar|arreglar|revisar|mejorar} <thing> <scene>?
    {He intentado|Intenté|Llevo días queriendo} {usar|cambiar|limpiar} <thing> pero {no funciona|algo falla|sale mal}. ¿{Qué hago|Por qué será}?
    {Escribe|Redacta} {una nota breve|un aviso|un correo} sobre <thing> <scene>{, por favor|}.
    {Explícame|Describe} <thing> {con palabras sencillas|con un ejemplo|en tres frases}.
    {Dame|Necesito} {cinco|siete|tres} {ideas|errores comunes|consejos} sobre <thing> <scene>.
    ¿Vale la pena {comprar|guardar|cambiar} <thing> si {solo|apenas} tengo <number> euros?
    """,
    """
    ¿{Y|Entonces} qué pasa con <thing>?
    ¿{Puedes|Podrías} decirlo más {corto|claro|formal}?
    {Gracias|Vale}, ahora <scene>.
    """,
    """
    {Ayer|En marzo|Hace poco} {el club|el taller|la vecina|la empresa} {revisó|renovó|pagó} <thing> <scene>.
    {El coste|El tiempo|La cantidad} {subió|bajó} <number> {por ciento|euros|unidades} porque nadie {miró|pidió} <thing>.
    """,
)
_FRENCH = _tongue(
    "fr",
    "le levain; le potager; la facture; le télescope; la ruche; l'horaire du train; l'émail; la grand-voile; un pansement; "
    "l'accord; l'échantillon; la requête; le robinet; le budget; la recette; l'échiquier",
    "à la maison; sans expérience; pour débutants; avec peu de moyens; le week-end; sous la pluie; en classe; avant l'hiver",
    """
    {Comment|Avec quoi|Quand} {puis-je|faut-il|peut-on} {préparer|réparer|vérifier|améliorer} <thing> <scene> ?
    {J'ai essayé de|Je n'arrive pas à|On veut} {changer|nettoyer|utiliser} <thing> mais {ça ne marche pas|quelque chose cloche}. {Que faire|Pourquoi} ?
    {Rédige|Écris} {un mot|une annonce|un courriel} sur <thing> <scene>{, s'il te plaît|}.
    {Explique-moi|Décris} <thing> {simplement|avec un exemple|en trois phrases}.
    {Donne|Cite} {cinq|sept|trois} {idées|erreurs|conseils} sur <thing> <scene>.
    Est-ce que <thing> vaut la peine si je n'ai que <number> euros <scene> ?
    """,
    """
    {Et|Mais} pour <thing> ?
    {Peux-tu|Pourrais-tu} le dire plus {court|clairement|poliment} ?
    {Merci|D'accord}, maintenant <scene>.
    """,
    """
    {Hier|En mars|Récemment}, {le club|l'atelier|la voisine|l'entreprise} a {vérifié|rénové|payé} <thing> <scene>.
    {Le coût|Le délai} a {augmenté|baissé} de <number> {pour cent|euros}, car personne n'avait {vu|commandé} <thing>.
    """,
)
_PORTUGUESE = _tongue(
    "pt",
    "o fermento; a horta; a fatura; o telescópio; a colmeia; o horário do trem; o esmalte; a vela grande; um curativo; o acorde; "
    "a amostra; a consulta; a torneira; o orçamento; a receita; o tabuleiro",
    "em casa; sem experiência; para iniciantes; com pouco dinheiro; no fim de semana; na chuva; na aula; antes do inverno",
    """
    {Como|Com que|Quando} {posso|devo|dá para} {preparar|consertar|conferir|melhorar} <thing> <scene>?
    {Tentei|Ando tentando|Queria} {trocar|limpar|usar} <thing>, mas {não funciona|deu errado}. {O que faço|Por que será}?
    {Escreva|Redija} {um bilhete|um aviso|um e-mail} sobre <thing> <scene>{, por favor|}.
    {Explique|Descreva} <thing> {de forma simples|com um exemplo|em três frases}.
    {Liste|Me dê} {cinco|sete|três} {ideias|erros|dicas} sobre <thing> <scene>.
    Vale a pena {comprar|guardar|trocar} <thing> se só tenho <number> reais?
    """,
    """
    {E|Mas} com <thing>?
    {Pode|Poderia} dizer isso mais {curto|claro|formal}?
    {Obrigado|Certo}, agora <scene>.
    """,
    """
    {Ontem|Em março|Há pouco} {o clube|a oficina|a vizinha|a empresa} {conferiu|reformou|pagou} <thing> <scene>.
    {O custo|O prazo} {subiu|caiu} <number> {por cento|reais} porque ninguém {viu|pediu} <thing>.
    """,
)
_CHINESE = _tongue(
    "zh",
    "酸面团; 阳台上的番茄; 这张发票; 天文望远镜; 蜂箱; 火车时刻表; 陶器釉料; 帆船的主帆; 急救包; 和弦进行; 样本方差; 查询语句; 漏水的水龙头; 家庭预算; 象棋残局; 旧书架",
    "在家里; 周末; 没有经验的情况下; 预算不多时; 给初学者; 下雨天; 上课前; 冬天之前",
    """
    {请问|想知道|麻烦问一下}<scene>{怎么|如何|该怎样}{处理|准备|检查|改进}<thing>？
    我{昨天|前几天|第一次}{试了|换了|看了}<thing>，{结果不行|好像有问题|效果很差}，{该怎么办|是什么原因}？
    {帮我写|请写}{一条通知|一封短信|一封邮件}，内容是<thing>，{语气客气一点|不要太长|<scene>用}。
    用{简单的话|一个例子|三句话}{解释|说明}一下<thing>。
    {列出|给我}{五个|七个|三个}关于<thing>的{建议|常见错误|想法}，<scene>。
    只有<number>块钱，<scene>{值得|需要}{买|换|修}<thing>吗？
    """,
    """
    那<thing>呢？
    {能不能|可以}说得{短一点|清楚一点|正式一点}吗？
    {谢谢|好的}，那<scene>怎么办？
    """,
    """
    {昨天|三月份|最近}{社区|工厂|王老师|合作社}{检查了|更换了|支付了}<thing>。
    {费用|时间|数量}{增加|减少}了百分之<number>，因为没有人{注意|预订}<thing>。
    """,
)
_JAPANESE = _tongue(
    "ja",
    "サワードウ; ベランダのトマト; 請求書; 天体望遠鏡; 巣箱; 電車の時刻表; 釉薬; ヨットの帆; 包帯; 和音; 標本分散; SQLの結合; 蛇口の水漏れ; 家計簿; 将棋の終盤; 古い本棚",
    "家で; 週末に; 初心者でも; 予算が少ないとき; 雨の日に; 授業の前に; 冬になる前に; 道具なしで",
    """
    <scene><thing>を{準備する|直す|確認する|改善する}には{どうすればいいですか|何が必要ですか|どこから始めますか}？
    {昨日|先日|初めて}<thing>を{試しました|替えました}が、{うまくいきません|何か変です}。{原因は何でしょう|どうしましょう}？
    <thing>について{短いメモ|お知らせ|メール}を{書いてください|作ってください}。<scene>使います。
    <thing>を{簡単な言葉で|例を使って|三文で}{説明して|教えて}ください。
    <thing>に関する{コツ|よくある失敗|アイデア}を{三つ|五つ|七つ}、<scene>。
    <number>円しかありませんが、<thing>を{買う|替える|直す}価値はありますか？
    """,
    """
    では<thing>はどうですか？
    もう少し{短く|詳しく|丁寧に}お願いします。
    {ありがとう|なるほど}、では<scene>は？
    """,
    """
    {昨日|三月に|最近}、{町内会|工房|田辺さん|会社}が<thing>を{点検した|交換した|支払った}。
    {費用|時間}は<number>%{増えた|減った}。<thing>を{確認した|注文した}人がいなかったためだ。
    """,
)
_HINDI = _tongue(
    "hi",
    "आटे का खमीर; छत का बगीचा; यह बिल; दूरबीन; मधुमक्खी का छत्ता; रेल की समय-सारणी; मिट्टी का बर्तन; नाव का पाल; पट्टी; राग का आरोह; "
    "सांख्यिकी का सवाल; टपकता नल; घर का बजट; शतरंज का अंत; पुरानी अलमारी",
    "घर पर; बिना अनुभव के; कम पैसों में; बारिश में; शनिवार को; कक्षा के लिए; सर्दी से पहले",
    """
    <scene> <thing> {कैसे|किस तरह} {ठीक करूँ|तैयार करूँ|जाँचूँ}?
    मैंने {कल|पहली बार|परसों} <thing> {बदला|देखा|आज़माया} पर {काम नहीं हुआ|कुछ गड़बड़ है}। {अब क्या करूँ|कारण क्या है}?
    <thing> के बारे में {छोटा संदेश|सूचना|ईमेल} {लिखो|लिख दीजिए}, <scene>।
    <thing> को {आसान शब्दों में|उदाहरण देकर|तीन वाक्यों में} समझाइए।
    <thing> के लिए {तीन|पाँच|सात} {सुझाव|गलतियाँ|विचार} बताइए, <scene>।
    मेरे पास {सिर्फ़|लगभग} <number> रुपये हैं, क्या <thing> {खरीदना|बदलना} ठीक है?
    """,
    """
    और <thing> का क्या?
    इसे {छोटा|साफ़|विनम्र} करके बताइए।
    {धन्यवाद|ठीक है}, अब <scene>?
    """,
    """
    {कल|मार्च में|हाल ही में} {समिति|कारखाने|पड़ोसी} ने <thing> {जाँचा|बदला}।
    {खर्च|समय} <number> प्रतिशत {बढ़ा|घटा}, क्योंकि किसी ने <thing> नहीं देखा।
    """,
)
TONGUES: dict[str, Tongue] = {t.code: t for t in (_GERMAN, _SPANISH, _FRENCH, _PORTUGUESE, _CHINESE, _JAPANESE, _HINDI)}


def _say(dice: Random, tongue: Tongue, patterns: tuple[Phrase, ...]) -> str:
    return one(dice, patterns).say(
        dice,
        {
            "thing": lambda: one(dice, tongue.things),
            "scene": lambda: one(dice, tongue.scenes),
            "number": lambda: str(int(dice.lognormvariate(3.5, 1.0)) + 2),
        },
    )


def request(dice: Random, language: str) -> str:
    """A first message in one of ``TONGUES``; often two sentences."""
    tongue = TONGUES[language]
    gap = "" if language in ("zh", "ja") else " "
    text = _say(dice, tongue, tongue.asks)
    if dice.random() < 0.5:
        text = _say(dice, tongue, tongue.facts) + gap + text
    return text[0].upper() + text[1:]


def follow_up(dice: Random, language: str) -> str:
    """A later message."""
    return _say(dice, TONGUES[language], TONGUES[language].follow_ups)


def paragraph(dice: Random, language: str, sentences: int) -> str:
    """A short text to be summarised or translated."""
    gap = "" if language in ("zh", "ja") else " "
    return gap.join(_say(dice, TONGUES[language], TONGUES[language].facts) for _ in range(sentences))
