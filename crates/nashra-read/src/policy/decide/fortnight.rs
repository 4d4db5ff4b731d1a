//! A simulated fortnight of pages: what changes in them from look to look is mostly no revision.
//!
//! 500 pages in eight languages are looked at through the real extractor, after one hour, six hours
//! and then each day. In each version the counters, times of updating, numbers of shares,
//! advertisements and links to other articles differ, in places and elements of which each page has
//! its own. Now and then the publisher really edits: a word, a number, the headline, a sentence more
//! or less.

use super::{tests::known, *};
use crate::{model::article::ArticleState, read::page, text};

const PAGES: u64 = 500;
/// Hours after publication at which a page is looked at.
const LOOKS: [u64; 8] = [1, 6, 24, 72, 120, 192, 264, 336];

/// What pages of one language say.
struct Tongue {
    code: &'static str,
    titles: [&'static str; 2],
    /// `{}` is a number.
    sentences: [&'static str; 6],
    /// Lines beside the text; `{}` is a number, `{t}` a time of day, `{d}` a date.
    noise: [&'static str; 5],
    more: &'static str,
}

const TONGUES: [Tongue; 8] = [
    Tongue {
        code: "en",
        titles: [
            "Ferry line to the islands opens after {} days",
            "Council closes {} bridges over the river",
        ],
        sentences: [
            "The council said on Monday that {} people had crossed since the morning, more than anybody had expected.",
            "Engineers found cracks in two of the pillars, which were built when the harbour was widened in 1974.",
            "The repairs will take at least {} weeks, a spokeswoman told reporters outside the town hall.",
            "Shops on the north bank fear that customers will stay away, as they did during the flood of 2013.",
            "A second ferry is to be hired from a company in the next county, at a cost of {} thousand pounds.",
            "Nobody was hurt when a part of the railing fell into the water during the storm last week.",
        ],
        noise: [
            "{} comments",
            "Updated at {t}",
            "Shared {} times",
            "Last updated: {d} {t}",
            "{} views",
        ],
        more: "Read also: How the harbour was won, part {}",
    },
    Tongue {
        code: "de",
        titles: [
            "Fähre zu den Inseln fährt nach {} Tagen wieder",
            "Stadt sperrt {} Brücken über den Fluss",
        ],
        sentences: [
            "Seit dem Morgen seien {} Menschen übergesetzt, sagte der Bürgermeister am Montag, mehr als erwartet.",
            "Ingenieure fanden Risse in zwei Pfeilern, die beim Ausbau des Hafens im Jahr 1974 errichtet wurden.",
            "Die Arbeiten dauern mindestens {} Wochen, sagte eine Sprecherin der Stadt vor dem Rathaus.",
            "Die Händler am Nordufer fürchten, dass die Kunden ausbleiben wie beim Hochwasser vor einigen Jahren.",
            "Eine zweite Fähre soll für {} Tausend Euro im Monat von einem Unternehmen gemietet werden.",
            "Niemand wurde verletzt, als in der vergangenen Woche ein Teil des Geländers ins Wasser stürzte.",
        ],
        noise: [
            "{} Kommentare",
            "Aktualisiert um {t} Uhr",
            "{} mal geteilt",
            "Stand: {d}, {t} Uhr",
            "{} Aufrufe",
        ],
        more: "Lesen Sie auch: Wie der Hafen wuchs, Teil {}",
    },
    Tongue {
        code: "fr",
        titles: [
            "Le bac vers les îles repart après {} jours",
            "La ville ferme {} ponts sur le fleuve",
        ],
        sentences: [
            "Depuis le matin, {} personnes ont traversé, a déclaré lundi le maire, soit plus que prévu.",
            "Des ingénieurs ont trouvé des fissures dans deux piliers, construits lors des travaux du port en 1974.",
            "Les réparations dureront au moins {} semaines, a dit une porte-parole devant la mairie.",
            "Les commerçants de la rive nord craignent que les clients ne viennent plus, comme lors de la crue.",
            "Un deuxième bac doit être loué à une entreprise voisine pour {} mille euros par mois.",
            "Personne n'a été blessé quand une partie du garde-corps est tombée à l'eau la semaine dernière.",
        ],
        noise: [
            "{} commentaires",
            "Mis à jour le {d} à {t}",
            "{} partages",
            "Publié le {d}, modifié à {t}",
            "{} vues",
        ],
        more: "Lire aussi : L'histoire du port, épisode {}",
    },
    Tongue {
        code: "es",
        titles: [
            "El ferry a las islas vuelve tras {} días",
            "La ciudad cierra {} puentes sobre el río",
        ],
        sentences: [
            "Desde la mañana han cruzado {} personas, dijo el lunes el alcalde, más de las que se esperaban.",
            "Los ingenieros hallaron grietas en dos pilares, levantados durante las obras del puerto en 1974.",
            "Las obras durarán al menos {} semanas, dijo una portavoz a los periodistas ante el ayuntamiento.",
            "Los comerciantes de la orilla norte temen que los clientes no vuelvan, como en la última riada.",
            "Un segundo ferry se alquilará a una empresa de la provincia vecina por {} mil euros al mes.",
            "Nadie resultó herido cuando una parte de la barandilla cayó al agua la semana pasada.",
        ],
        noise: [
            "{} comentarios",
            "Actualizado a las {t}",
            "Compartido {} veces",
            "Actualizado el {d} a las {t}",
            "{} visitas",
        ],
        more: "Lea también: Cómo creció el puerto, parte {}",
    },
    Tongue {
        code: "ru",
        titles: ["Паром на острова пошёл спустя {} дней", "Город закрывает {} моста через реку"],
        sentences: [
            "С утра переправились {} человек, сообщил в понедельник мэр, и это больше, чем ожидалось.",
            "Инженеры нашли трещины в двух опорах, построенных во время расширения порта в 1974 году.",
            "Ремонт займёт не меньше {} недель, сказала журналистам представительница мэрии.",
            "Торговцы на северном берегу боятся, что покупатели не придут, как было во время наводнения.",
            "Второй паром возьмут в аренду у компании из соседней области за {} тысяч евро в месяц.",
            "Никто не пострадал, когда на прошлой неделе часть перил упала в воду во время бури.",
        ],
        noise: [
            "{} комментариев",
            "Обновлено в {t}",
            "Поделились {} раз",
            "Обновлено {d} в {t}",
            "Просмотров: {}",
        ],
        more: "Читайте также: История порта, часть {}",
    },
    Tongue {
        code: "ar",
        titles: ["العبّارة إلى الجزر تعود بعد {} أيام", "المدينة تغلق {} جسور فوق النهر"],
        sentences: [
            "قال رئيس البلدية يوم الاثنين إن {} شخصا عبروا منذ الصباح وهو عدد أكبر مما كان متوقعا.",
            "عثر المهندسون على شقوق في اثنتين من الدعامات التي شيدت أثناء توسعة الميناء في عام 1974.",
            "وأوضحت متحدثة باسم البلدية للصحفيين أن أعمال الإصلاح ستستغرق {} أسابيع على الأقل.",
            "ويخشى أصحاب المتاجر على الضفة الشمالية أن يبتعد الزبائن كما حدث خلال الفيضان الأخير.",
            "ومن المقرر استئجار عبارة ثانية من شركة في المحافظة المجاورة مقابل {} ألف يورو شهريا.",
            "ولم يصب أحد بأذى عندما سقط جزء من الحاجز في الماء أثناء العاصفة الأسبوع الماضي.",
        ],
        noise: [
            "{} تعليقات",
            "آخر تحديث: {t}",
            "عدد المشاركات {} مشاركة",
            "آخر تحديث: {d} {t}",
            "{} مشاهدة",
        ],
        more: "اقرأ أيضا: كيف نشأ الميناء، الجزء {}",
    },
    Tongue {
        code: "zh",
        titles: ["通往海岛的渡轮停航{}天后恢复", "市政府关闭河上{}座桥梁"],
        sentences: [
            "市长星期一表示，从早上起已有{}人乘船过河，人数超过所有人的预期，码头上排起了长队。",
            "工程师在两根桥墩上发现了裂缝，这些桥墩是1974年扩建港口时修建的，此后一直没有大修。",
            "市政府发言人在市政厅外对记者说，维修工作至少需要{}个星期，期间车辆须绕行上游的公路桥。",
            "北岸的商店担心顾客会像上次洪水期间那样不再光顾，一些店主已经要求市政府给予补贴。",
            "第二艘渡轮将从邻近地区的一家公司租用，每月费用约为{}千欧元，预计下个月投入使用。",
            "上周暴风雨中部分栏杆掉入水中，没有人受伤，但警方随后封锁了桥梁两端的人行道。",
        ],
        noise: ["{}条评论", "更新时间：{d} {t}", "分享 {}", "更新于{t}", "阅读 {}"],
        more: "相关阅读：港口的历史（{}）",
    },
    Tongue {
        code: "tr",
        titles: [
            "Adalara feribot {} gün sonra yeniden başladı",
            "Belediye nehirdeki {} köprüyü kapattı",
        ],
        sentences: [
            "Belediye başkanı pazartesi günü sabahtan beri {} kişinin karşıya geçtiğini söyledi, bu beklenenden fazlaydı.",
            "Mühendisler, limanın 1974 yılındaki genişletilmesi sırasında yapılan iki ayakta çatlak buldu.",
            "Belediye sözcüsü onarımın en az {} hafta süreceğini belediye binası önünde gazetecilere anlattı.",
            "Kuzey kıyısındaki esnaf, son selde olduğu gibi müşterilerin gelmeyeceğinden korkuyor.",
            "İkinci feribot komşu ildeki bir şirketten ayda {} bin avroya kiralanacak ve yakında başlayacak.",
            "Geçen hafta fırtınada korkuluğun bir parçası suya düştüğünde kimse yaralanmadı.",
        ],
        noise: [
            "{} yorum",
            "Güncelleme: {t}",
            "{} paylaşım",
            "Güncellendi: {d} {t}",
            "{} görüntülenme",
        ],
        more: "Ayrıca okuyun: Limanın öyküsü, bölüm {}",
    },
];

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// What the publisher has written.
#[derive(Clone, PartialEq)]
struct Article {
    title: String,
    sentences: Vec<String>,
}

impl Article {
    fn new(tongue: &Tongue, dice: &mut Dice) -> Self {
        let fill =
            |line: &str, dice: &mut Dice| line.replace("{}", &(3 + dice.roll(90)).to_string());
        let title = tongue.titles[usize::try_from(dice.roll(2)).unwrap()];
        let title = fill(title, dice);
        Self { title, sentences: tongue.sentences.iter().map(|line| fill(line, dice)).collect() }
    }

    /// A real edit.
    fn edit(&mut self, tongue: &Tongue, dice: &mut Dice) {
        let at = usize::try_from(dice.roll(self.sentences.len() as u64)).unwrap();
        let number = 100 + dice.roll(900);
        match dice.roll(5) {
            0 => self.title = tongue.titles[0].replace("{}", &number.to_string()),
            1 => self.sentences[at] = tongue.sentences[0].replace("{}", &number.to_string()),
            2 => self.sentences.push(tongue.sentences[2].replace("{}", &number.to_string())),
            3 if self.sentences.len() > 4 => drop(self.sentences.remove(at)),
            // A word of it, and nothing else.
            _ => {
                let changed = format!("{number}");
                let sentence = &mut self.sentences[at];
                match sentence.split_once(' ') {
                    Some((first, rest)) => *sentence = format!("{first} {changed} {rest}"),
                    None => sentence.insert_str(0, &changed),
                }
            }
        }
    }

    /// Its page at an hour, where `template` is what the page's site does always.
    fn page(&self, tongue: &Tongue, template: u64, hour: u64, dice: &mut Dice) -> String {
        let mut body: Vec<String> =
            self.sentences.iter().map(|sentence| format!("<p>{sentence}</p>")).collect();
        let (open, close) = [
            ("<p>", "</p>"),
            ("<div>", "</div>"),
            ("<p><small>", "</small></p>"),
            ("<p><b>", "</b></p>"),
        ][usize::try_from(template % 4).unwrap()];
        let clock = format!("{:02}:{:02}", hour % 24, dice.roll(60));
        let day = format!("{:02}.{:02}.2026", 1 + (hour / 24) % 28, 1 + template % 12);
        for (index, line) in tongue.noise.iter().enumerate() {
            // Each site has three of the five, each at a place of its own, and shows it not always.
            if (template / 4 + index as u64) % 5 < 3 && dice.roll(10) > 0 {
                let number = dice.roll(3_000).to_string();
                let line = line.replace("{t}", &clock).replace("{d}", &day).replace("{}", &number);
                let place = match (template + index as u64) % 3 {
                    0 => 0,
                    1 => body.len() / 2,
                    _ => body.len(),
                };
                body.insert(place, format!("{open}{line}{close}"));
            }
        }
        if dice.roll(2) == 0 {
            let line = tongue.more.replace("{}", &dice.roll(50).to_string());
            body.insert(
                body.len() / 2,
                format!("<p><a href=\"/a/{}\">{line}</a></p>", dice.roll(99)),
            );
        }
        let others: Vec<String> = (0..5)
            .map(|_| format!("<li><a href=\"/a/{}\">{}</a></li>", dice.roll(999), tongue.titles[1]))
            .collect();
        format!(
            "<!DOCTYPE html><html lang=\"{}\"><head><title>{}</title></head><body><nav><a href=\"/\">Home</a></nav>\
             <article><h1>{}</h1>{}</article><aside><ul>{}</ul></aside><footer>{} {}</footer></body></html>",
            tongue.code,
            self.title,
            self.title,
            body.concat(),
            others.concat(),
            dice.roll(9_999),
            clock,
        )
    }
}

fn read(html: &str) -> Content {
    let url = "https://news.example/a/1".parse().unwrap();
    let page =
        page::parse_article(None, html.as_bytes(), Some("text/html; charset=utf-8"), Some(&url));
    page.unwrap().articles.remove(0).content
}

/// What the looks at all pages found.
#[derive(Default)]
struct Tally {
    looks: usize,
    /// Looks at a page whose text differs by noise alone.
    noisy: usize,
    edits: usize,
    /// The texts before and after.
    false_ones: Vec<[Option<String>; 2]>,
    missed: Vec<[Option<String>; 2]>,
}

impl Tally {
    /// A page is looked at for a fortnight.
    fn add_page(&mut self, number: u64) {
        let tongue = &TONGUES[usize::try_from(number).unwrap() % TONGUES.len()];
        let (mut dice, template) = (Dice(number), number / 8);
        let mut article = Article::new(tongue, &mut dice);
        let mut published = article.clone();
        let mut before = read(&article.page(tongue, template, 0, &mut dice));
        let mut state: ArticleState = known(&before, 0, TextRank::Page);
        for (order, hour) in (1..).zip(LOOKS) {
            if dice.roll(7) == 0 {
                article.edit(tongue, &mut dice);
            }
            let found = read(&article.page(tongue, template, hour, &mut dice));
            let content_hash = text::content_hash(found.title.as_deref(), found.text.as_deref());
            let facts = FoundEdition {
                order,
                text_rank: TextRank::Page,
                content_hash: &content_hash,
                wording: wording(&found),
                fields: &fields(&found, None),
            };
            let is_revised = matches!(decide(Some(&state), facts), Decision::Revised { .. });
            let is_edited = article != published;
            self.looks += 1;
            self.noisy += usize::from(!is_edited && state.content_hash != content_hash);
            self.edits += usize::from(is_edited);
            let texts = [before.text.clone(), found.text.clone()];
            match (is_revised, is_edited) {
                (true, false) => self.false_ones.push(texts),
                (false, true) => self.missed.push(texts),
                _ => {}
            }
            if is_revised {
                state = known(&found, order, TextRank::Page);
                (published, before) = (article.clone(), found);
            }
        }
    }
}

#[test]
fn a_fortnight_of_500_pages_has_next_to_no_false_and_no_missed_revisions() {
    let mut tally = Tally::default();
    for number in 0..PAGES {
        tally.add_page(number);
    }
    let Tally { looks, noisy, edits, false_ones, missed } = tally;
    println!(
        "{looks} looks, {noisy} with noise in the text alone, {} false revisions, {edits} edits, {} missed",
        false_ones.len(),
        missed.len()
    );
    assert!(edits > 400 && noisy * 2 > looks, "{edits} edits, {noisy} looks with noise alone");
    assert!(false_ones.len() * 1_000 <= looks, "{:#?}", false_ones.first());
    assert!(missed.len() * 100 <= edits, "{:#?}", missed.first());
}
