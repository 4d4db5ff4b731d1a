#!/usr/bin/env python3
"""Make pages for training the model of listings, whose addresses tell nothing.

usage: listing_pages.py --rewrite TRUTH.json PAGES OUT     the labelled pages with other addresses
       listing_pages.py --made N OUT                       N small pages of our own

Most labelled pages have articles whose addresses are headlines, and a model that sees no others judges a link by
its address alone. Rewritten pages keep everything but the addresses: those of articles are numbers, letters or
queries, and on half of the pages those of sections are so, too. Made pages are short, as the front pages of small
papers are, and their parts are put together by chance: what stands in a card, what is a link, what else the page
lists with the same markup (topics, writers, products, pages of a list). Writes OUT/truth.json and OUT/pages/.
"""
import argparse
import html
import json
import os
import random
import re
from urllib.parse import urljoin, urlsplit

HREF = re.compile(r"""(<a\b[^>]*?\bhref\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""", re.I | re.S)


def opaque(rng, scheme, number):
    """The path and query of one address that says nothing."""
    letters = "abcdefghijkmnpqrstuvwxyz0123456789"
    word = "".join(rng.choice(letters) for _ in range(rng.choice([5, 6, 8, 11])))
    first = rng.choice(["p", "a", "n", "s", "x", "item", "r", "c", "e"]) if scheme["prefix"] is None else scheme["prefix"]
    kind = scheme["kind"]
    if kind == "number":
        return "/%s/%d" % (first, scheme["base"] + number)
    if kind == "root_number":
        return "/%d" % (scheme["base"] + number)
    if kind == "ending":
        return "/%s%d.html" % (first, scheme["base"] + number)
    if kind == "letters":
        return "/%s/%s" % (first, word)
    if kind == "root_letters":
        return "/" + word
    if kind == "uuid":
        return "/%s/%s" % (first, "-".join("".join(rng.choice("0123456789abcdef") for _ in range(n)) for n in (8, 4, 4, 4, 12)))
    if kind == "query":
        return "/?%s=%d" % (scheme["name"], scheme["base"] + number)
    if kind == "script":
        return "/%s?%s=%d" % (scheme["script"], scheme["name"], scheme["base"] + number)
    return "/%s?%s=%s" % (scheme["script"], scheme["name"], word)


def scheme(rng, kinds=("number", "root_number", "ending", "letters", "root_letters", "uuid", "query", "script", "script_letters")):
    return {"kind": rng.choice(kinds), "prefix": rng.choice(["p", "a", "n", "s", "x", "item", "r", "story", "post", "read", "v"]),
            "base": rng.choice([1, 100, 1000, 20411, 884213, 10033215]), "name": rng.choice(["id", "p", "n", "nid", "a", "idx"]),
            "script": rng.choice(["show.php", "view", "index.php", "item.asp", "read", "page"])}


def key(base, href):
    parts = urlsplit(urljoin(base, href.strip()))
    host = parts.netloc.lower()
    host = host[4:] if host.startswith("www.") else host
    return host + parts.path.rstrip("/") + ("?" + parts.query if parts.query else "")


def rewrite(truth, pages, out, copies):
    made = {}
    for name, said in sorted(truth.items()):
        path = os.path.join(pages, name + ".html")
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            text = file.read()
        articles = {key(said["url"], it) for it in said["articles"]}
        optional = {key(said["url"], it) for it in said.get("optional", [])}
        for copy in range(copies):
            rng = random.Random("%s-%d" % (name, copy))
            ours, theirs, both = scheme(rng), scheme(rng), copy % 2 == 1
            # The same folder for both would make one list of them, which no site does.
            while theirs["prefix"] == ours["prefix"] or theirs["kind"] == ours["kind"]:
                theirs = scheme(rng)
            known, new = {}, {"articles": [], "optional": []}

            def other(match):
                written = match.group(2).strip("\"'")
                try:
                    at = key(said["url"], html.unescape(written))
                    parts = urlsplit(urljoin(said["url"], html.unescape(written).strip()))
                except ValueError:
                    return match.group(0)
                kind = "articles" if at in articles else "optional" if at in optional else None
                if kind is None and not (both and parts.scheme in ("http", "https") and parts.path.count("/") <= 4
                                         and parts.netloc == urlsplit(said["url"]).netloc and parts.path not in ("", "/")):
                    return match.group(0)
                if at not in known:
                    path = opaque(rng, theirs if kind is None else ours, len(known) * rng.choice([1, 1, 7]))
                    known[at] = "%s://%s%s" % (parts.scheme, parts.netloc, path)
                    if kind:
                        new[kind].append(known[at])
                return match.group(1) + '"' + html.escape(known[at]) + '"'

            changed = HREF.sub(other, text)
            if len(new["articles"]) < len(articles) // 2:
                continue
            new_name = "%s~%d" % (name, copy)
            made[new_name] = dict(said, articles=new["articles"], optional=new["optional"])
            with open(os.path.join(out, "pages", new_name + ".html"), "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(changed)
    return made


WORDS = {
    "en": "council votes new tram stops museum night draws record crowd bakery chain opens fifth branch rowers qualify for the national final storm closes harbour market to move in june river level falls after dry spring school reopens with larger library court hears case of lost ferry minister resigns over report prices rise again as winter nears old bridge gets lights farmers protest at gate team wins third match in a row hospital plans more beds fire destroys barn near mill police seek witness of crash".split(),
    "de": "Rat beschließt neue Haltestellen Museumsnacht lockt viele Gäste Bäckerei eröffnet fünfte Filiale Ruderer erreichen das Finale Sturm sperrt Mole Fischmarkt zieht im Juni um Pegel sinkt nach trockenem Frühling Schule öffnet mit größerer Bücherei Gericht verhandelt über Fähre Ministerin tritt zurück Preise steigen erneut Brücke bekommt Licht Bauern protestieren am Tor Mannschaft gewinnt drittes Spiel".split(),
    "es": "el concejo vota nuevas paradas del tranvía la noche de museos atrae público récord panadería abre su quinta tienda remeros llegan a la final tormenta cierra el muelle mercado se muda en junio baja el nivel del río tras una primavera seca la escuela reabre con biblioteca mayor tribunal juzga el caso del barco suben los precios otra vez".split(),
    "ru": "совет голосует за новые остановки трамвая ночь музеев собрала рекорд гостей пекарня открыла пятый магазин гребцы вышли в финал шторм закрыл причал рынок переедет в июне уровень реки упал после сухой весны школа открылась с большой библиотекой суд слушает дело о пароме цены снова растут".split(),
    "ar": "المجلس يصوت على محطات جديدة ليلة المتاحف تجذب جمهورا قياسيا مخبز يفتح فرعه الخامس المجدفون يتأهلون إلى النهائي العاصفة تغلق الميناء السوق ينتقل في يونيو منسوب النهر ينخفض بعد ربيع جاف المدرسة تفتح مكتبة أكبر المحكمة تنظر قضية العبارة الأسعار ترتفع مجددا".split(),
    "zh": list("市议会通过新增电车站方案博物馆之夜吸引众多游客面包店开设第五家分店赛艇队晋级全国决赛暴风雨关闭码头鱼市六月搬迁河水水位春旱后下降学校扩建图书馆重新开放法院审理渡轮案物价再次上涨"),
    "hi": "परिषद ने नए ट्राम स्टॉप को मंजूरी दी संग्रहालय रात में रिकॉर्ड भीड़ बेकरी की पाँचवीं शाखा खुली नाविक राष्ट्रीय फाइनल में पहुँचे तूफान से बंदरगाह बंद मछली बाजार जून में हटेगा नदी का स्तर गिरा स्कूल में बड़ी लाइब्रेरी अदालत में नाव मामला कीमतें फिर बढ़ीं".split(),
}
SHORT = {
    "en": "News Business Culture Sport Opinion World Local Weather Health Science Travel Food Politics Events Jobs".split(),
    "de": "Politik Wirtschaft Kultur Sport Meinung Wetter Lokales Wissen Reise Gesundheit Termine Stellen".split(),
    "es": "Noticias Economía Cultura Deportes Opinión Mundo Tiempo Salud Ciencia Viajes Agenda".split(),
    "ru": "Новости Экономика Культура Спорт Мнения Мир Погода Здоровье Наука Туризм".split(),
    "ar": "أخبار اقتصاد ثقافة رياضة آراء العالم الطقس صحة علوم سفر".split(),
    "zh": "新闻 财经 文化 体育 评论 国际 天气 健康 科技 旅游".split(),
    "hi": "समाचार व्यापार संस्कृति खेल विचार विश्व मौसम सेहत विज्ञान".split(),
}
SHARES = [
    "https://www.facebook.com/sharer.php?u=%s", "https://twitter.com/intent/tweet?url=%s&via=paper", "https://vk.com/share.php?url=%s",
    "https://t.me/share/url?url=%s", "https://www.linkedin.com/shareArticle?mini=true&url=%s", "https://connect.ok.ru/offer?url=%s",
    "https://share.example.net/add?bkm=%s", "https://bookmarks.example.org/update.bml?event=%s", "https://api.whatsapp.com/send?text=%s",
]
NAMES = "Ana Brandt,Jonas Keil,Ida Moreno,Lena Osei,Tom Varga,Mira Sato,Paul Ivanov,Eva Lund,Omar Said,Nora Quist".split(",")


# What papers keep beside articles, at addresses that are words: what is kept, and whether its names are long.
KEPT = [
    ("topic", False), ("topics", False), ("tag", False), ("thema", False), ("tema", False), ("dossier", False), ("people", False), ("games", False),
    ("puzzles", False), ("raetsel/aktuell", False), ("spiele", False), ("juegos", False), ("jeux", False), ("coupons", False), ("gutscheine", False), ("deals", False),
    ("shop", False), ("clubs", False), ("series", False), ("podcasts", False), ("school", True), ("events", True), ("jobs", True), ("company", True),
    ("newsletters", True), ("partners", True), ("videos/playlist", True), ("recipes", False), ("weather", False), ("quotes", False), ("autor", False), ("channel", False),
]


class Made:
    """One page, put together by chance."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.language = rng.choice(list(WORDS) + ["en", "de", "en"])
        self.articles, self.optional, self.number = [], [], 0
        self.ours, self.count = scheme(rng), rng.choice([4, 5, 6, 6, 8, 10, 12, 20, 30])
        self.slugs = rng.random() < 0.35
        self.hubs = rng.choice([None, None, scheme(rng, ("number", "letters", "script")), scheme(rng, ("number", "root_letters", "query"))])
        if self.hubs:
            self.hubs["prefix"] = rng.choice(["t", "c", "u", "topic", "k", "g"])

    def text(self, low, high):
        words = WORDS[self.language]
        if self.language == "zh":
            count = self.rng.randint(low, high) * 2
            at = self.rng.randrange(len(words))
            return "".join(words[(at + i) % len(words)] for i in range(count))
        count = self.rng.randint(low, high)
        at = self.rng.randrange(len(words))
        text = " ".join(self.rng.choice(words) if i % 3 == 2 else words[(at + i) % len(words)] for i in range(count))
        return text[0].upper() + text[1:]

    def label(self):
        return self.rng.choice(SHORT[self.language])

    def address(self, title):
        self.number += 1
        if self.slugs and self.language in ("en", "de", "es"):
            slug = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:70]
            return "/%s/%s%s" % (self.ours["prefix"], slug, self.rng.choice(["", "-%d" % (self.ours["base"] + self.number)]))
        return opaque(self.rng, self.ours, self.number)

    def hub(self, kind):
        self.number += 1
        if self.hubs:
            return opaque(self.rng, self.hubs, self.number)
        return "/%s/%s" % (kind, self.rng.choice(["news", "business", "culture", "sport", "opinion", "travel", "food", "local", "city"]) + str(self.number % 7))

    def when(self, form):
        rng = self.rng
        if form == "time":
            return '<time datetime="2026-11-%02dT%02d:10:00Z">%d Nov</time>' % (rng.randint(1, 28), rng.randint(0, 23), rng.randint(1, 28))
        if form == "span":
            return rng.choice(["<span>%dh</span>", "<span class=date>%d.11.2026</span>", "<small>%d minutes ago</small>"]) % rng.randint(1, 28)
        return ""

    def chance(self, share):
        return self.rng.random() < share

    def card(self, form, listed=True, label=None):
        """One item in a form that its list shares. `listed`: an article; else another thing in the same markup."""
        short = self.chance(0.25)
        title = label or self.text(3 if short else 5, 6 if short else 11)
        address = (self.address(title) if listed else self.hub(form["hub"]))
        (self.articles if listed else []).append(address)
        esc = html.escape(address)
        head, picture = title, '<img src="/t/%d.jpg" alt="">' % self.number if form["picture"] else ""
        teaser = "<%s>%s</%s>" % (form["teaser_tag"], self.text(*form["teaser"]), form["teaser_tag"]) if form["teaser"] else ""
        heading = form["heading"]
        shape, cls = form["shape"], form["link_class"]
        if shape == "inside":
            link = "<%s><a%s href=\"%s\">%s</a></%s>" % (heading, cls, esc, head, heading)
            body = (('<a href="%s">%s</a>' % (esc, picture)) if picture else "") + link + teaser
        elif shape == "around":
            body = '<a%s href="%s">%s<%s>%s</%s></a>%s' % (cls, esc, picture, heading, head, heading, teaser)
        elif shape == "all":
            body = '<a%s href="%s">%s<%s>%s</%s>%s</a>' % (cls, esc, picture, heading, head, heading, teaser)
        elif shape == "plain":
            body = '%s<a%s href="%s">%s</a>%s' % (picture, cls, esc, head, teaser)
        elif shape == "overlay":
            body = '%s<%s>%s</%s>%s<a class="overlay" href="%s" aria-label="%s"></a>' % (picture, heading, head, heading, teaser, esc, html.escape(head))
        else:
            body = '%s<%s>%s</%s>%s<a href="%s">%s</a>' % (picture, heading, head, heading, teaser, esc, form["more"])
        kicker = '<a class="%s" href="%s">%s</a>' % (form["kicker"], html.escape(self.hub("section")), self.label()) if form["kicker"] is not None and listed else ""
        meta = ""
        if form["meta"] and listed:
            parts = [self.when(form["when"])]
            if form["writer"]:
                parts.insert(0, '<a href="%s">%s</a>' % (html.escape(self.hub("author")), self.rng.choice(NAMES)))
            if form["tag"]:
                parts.append('<a href="%s">%s</a>' % (html.escape(self.hub("tag")), self.label()))
            if form["comments"]:
                parts.append('<a href="%s#comments">%d</a>' % (esc, self.rng.randint(0, 90)))
            meta = '<div class="meta">%s</div>' % " · ".join(part for part in parts if part)
        elif listed:
            meta = self.when(form["when"])
        if form["share"] and listed:
            own = "https://www.paper.example" + address
            meta += '<div%s>%s</div>' % (form["share_class"], "".join('<a href="%s">%s</a>' % (html.escape(share % own), form["share_text"]) for share in form["share"]))
        cell = "td" if form["tag_name"] == "tr" else None
        inner = kicker + body + meta
        return "<%s%s>%s</%s>" % (form["tag_name"], form["class"], "<td>%s</td>" % inner if cell else inner, form["tag_name"])

    def form(self, hub="section"):
        rng = self.rng
        shape = rng.choice(["inside", "inside", "around", "all", "plain", "overlay", "more"])
        tag = rng.choice(["div", "article", "li", "section", "div", "tr", "li"])
        return {
            "shape": shape, "tag_name": tag, "class": rng.choice(["", ' class="card"', ' class="item"', ' class="teaser"', ' class="c-%s"' % rng.choice("xyzk"), ' class="post"']),
            "heading": rng.choice(["h2", "h3", "h3", "h4", "strong", "span", 'p class="headline"', "b"]).split(" ")[0], "picture": rng.random() < 0.5,
            "teaser": rng.choice([None, (4, 9), (8, 20), (12, 35)]), "teaser_tag": rng.choice(["p", "p", "div", "span"]),
            "kicker": rng.choice([None, None, None, "kicker", "", "cat"]), "meta": rng.random() < 0.5, "when": rng.choice(["time", "span", "span", None]),
            "writer": rng.random() < 0.5, "tag": rng.random() < 0.4, "comments": rng.random() < 0.25, "link_class": rng.choice(["", "", ' class="link"', ' class="title"']),
            "more": rng.choice(["Read more", "More", "Weiter", "→", "Continue"]), "hub": hub,
            "share": rng.sample(SHARES, rng.randint(2, 5)) if rng.random() < 0.3 else None, "share_class": rng.choice(["", ' class="share"', ' class="icons"']),
            "share_text": rng.choice(["", "", "<i></i>", "<svg></svg>", "+1"]),
        }

    def listing(self, form, cards):
        inside = "\n".join(cards)
        if form["tag_name"] == "li":
            return "<ul>%s</ul>" % inside
        if form["tag_name"] == "tr":
            return "<table>%s</table>" % inside
        return "<div%s>%s</div>" % (self.rng.choice(["", ' class="grid"', ' class="list"', ' id="latest"']), inside)

    def menu(self, kind, count, low=None):
        items = ['<a href="%s">%s</a>' % (html.escape(self.hub(kind)), self.text(*low) if low else self.label()) for _ in range(count)]
        return self.rng.choice(["<ul>%s</ul>" % "".join("<li>%s</li>" % it for it in items), "<p>%s</p>" % " | ".join(items), "<div>%s</div>" % " ".join(items)])

    def others(self):
        """What stands beside the articles and is none."""
        rng, blocks = self.rng, []
        if self.chance(0.45):
            # Topics, podcasts or shops in cards like those of articles, with short names.
            form = self.form(rng.choice(["topic", "podcast", "shop", "dossier"]))
            form["when"], form["kicker"], form["meta"] = None, None, False
            if form["teaser"]:
                form["teaser"] = rng.choice([None, (3, 6)])
            blocks.append("<section><h2>%s</h2>%s</section>" % (self.label(), self.listing(form, [self.card(form, False, rng.choice([self.label(), self.text(1, 3)])) for _ in range(rng.randint(3, 6))])))
        if self.chance(0.35):
            people = ['<li><a href="%s"><img src="/w/%d.jpg" alt=""><span>%s</span></a></li>' % (html.escape(self.hub("author")), at, name) for at, name in enumerate(rng.sample(NAMES, 4))]
            blocks.append("<aside><h3>%s</h3><ul>%s</ul></aside>" % (self.label(), "".join(people)))
        if self.chance(0.4):
            blocks.append('<div class="tags">%s</div>' % self.menu("tag", rng.randint(3, 12)))
        if self.chance(0.3):
            blocks.append('<aside><h3>Newsletter</h3><p>%s</p><a href="/newsletter">%s</a></aside>' % (self.text(5, 12), self.text(2, 3)))
        while self.chance(0.5):
            blocks.append(self.kept(*rng.choice(KEPT)))
        if self.chance(0.25):
            # Advertisers: a picture and a line, on other hosts.
            ads = ['<div class="%s"><a href="https://%s.example.com/%s"><img src="/ad/%d.gif" alt=""><span>%s</span></a></div>' % (rng.choice(["ad", "promo", "sp"]), rng.choice(["shop", "cars", "go"]), rng.choice(["", "offer", "c?id=8841"]), at, self.text(3, 7)) for at in range(rng.randint(1, 4))]
            blocks.append("<aside>%s</aside>" % "".join(ads))
        if self.chance(0.4) and self.articles:
            # Most read: links to some of the articles again, and to others that are articles, too.
            form = dict(self.form(), shape="plain", tag_name="li", picture=False, teaser=None, kicker=None, meta=False, when=None)
            blocks.append('<aside class="%s"><h3>%s</h3>%s</aside>' % (rng.choice(["most-read", "box", "popular"]), self.label(), self.listing(form, [self.card(form) for _ in range(rng.randint(3, 5))])))
        rng.shuffle(blocks)
        return blocks

    def kept(self, kind, is_long):
        """Topics, games, offers, jobs: a list whose addresses are words, in the markup of a list, a box or cards."""
        rng = self.rng
        names = [self.text(3, 6) if is_long and self.chance(0.7) else self.text(1, 2) for _ in range(rng.randint(3, 14))]
        slug = lambda at, name: re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "%s-%d" % (rng.choice(["word", "city", "team", "art"]), at)
        end = rng.choice(["", "", "/", ".html"])
        addresses = ["/%s/%s%s" % (kind, slug(at, name), end) for at, name in enumerate(names)]
        picture = rng.choice(['<img src="/k/%d.png" alt="">', "", ""])
        inner = rng.choice(["%s", "<span>%s</span>", "<h3>%s</h3>", "<div>%s</div>"])
        links = ['<a href="%s">%s%s</a>' % (address, picture % at if picture else "", inner % name) for at, (address, name) in enumerate(zip(addresses, names))]
        item = rng.choice(["<li>%s</li>", "<div>%s</div>", '<div class="item">%s</div>', "%s", '<li class="slide">%s</li>'])
        whole = "<ul>%s</ul>" if item.startswith("<li") else "<div>%s</div>"
        return "<%s><h2>%s</h2>%s</%s>" % ("section", self.label(), whole % " ".join(item % link for link in links), "section")

    def pager(self):
        rng = self.rng
        name = rng.choice(["/page/%d", "/?page=%d", "/archive/%d", "?p=%d", "/latest?offset=%d0"])
        if self.chance(0.4):
            return '<a class="more" href="%s">%s</a>' % (name % 2, rng.choice(["Older posts", "Next", "Mehr laden", "下一页", "→"]))
        return '<div class="%s">%s</div>' % (rng.choice(["pages", "pager", "nav2"]), " ".join('<a href="%s">%d</a>' % (name % at, at) for at in range(2, rng.randint(4, 9))))

    def page(self):
        rng = self.rng
        forms = [self.form() for _ in range(rng.choice([1, 1, 1, 2]))]
        lists = []
        for form in forms:
            cards = [self.card(form) for _ in range(max(3, self.count // len(forms)))]
            heading = "<h2>%s</h2>" % self.label() if self.chance(0.6) else ""
            lists.append(heading + self.listing(form, cards))
        others = self.others()
        menu, foot = self.menu("section", rng.randint(4, 9)), self.menu("about", rng.randint(3, 8), (1, 3))
        head = '<header%s><a href="/"><img src="/logo.svg" alt="%s"></a>%s</header>' % (rng.choice(["", ' class="site-header"']), self.label(), rng.choice(["<nav>%s</nav>", "<div>%s</div>", '<div class="menu">%s</div>']) % menu)
        main = rng.choice(["<main>%s</main>", "<div id=content>%s</div>", "<div>%s</div>"]) % "\n".join(lists + others + ([self.pager()] if self.chance(0.6) else []))
        footer = rng.choice(["<footer>%s</footer>", '<div class="footer">%s</div>']) % (self.menu("about", 2, (4, 7)) + foot if self.chance(0.3) else foot)
        return '<!doctype html><html lang="%s"><head><meta charset="utf-8"><title>%s</title></head><body>%s\n%s\n%s</body></html>' % (self.language, self.text(2, 4), head, main, footer)


def make(count, out):
    made = {}
    for at in range(count):
        page, name = Made(at), "made%04d" % at
        text = page.page()
        url = "https://www.%s.example/" % "".join(page.rng.choice("abcdefghiklmnoprstu") for _ in range(9))
        made[name] = {"url": url, "language": page.language, "articles": [urljoin(url, it) for it in page.articles], "optional": []}
        with open(os.path.join(out, "pages", name + ".html"), "w", encoding="utf-8") as file:
            file.write(text)
    return made


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rewrite", nargs=2, metavar=("TRUTH", "PAGES"))
    arguments.add_argument("--copies", type=int, default=2)
    arguments.add_argument("--made", type=int)
    arguments.add_argument("out")
    given = arguments.parse_args()
    os.makedirs(os.path.join(given.out, "pages"), exist_ok=True)
    if given.rewrite:
        with open(given.rewrite[0], encoding="utf-8") as file:
            truth = rewrite(json.load(file), given.rewrite[1], given.out, given.copies)
    else:
        truth = make(given.made or 200, given.out)
    with open(os.path.join(given.out, "truth.json"), "w", encoding="utf-8") as file:
        json.dump(truth, file, ensure_ascii=False)


if __name__ == "__main__":
    main()
