//! The small words of dates: those that say nothing, and the halves of the day.

/// Words that say nothing of the moment.
const FILLERS: &str = "\
at on the of de del den der am a à las alle ore om um uhr kl klo hs hrs o st nd rd th er г в р о ч ж թ ე godz saat gada godine d m \
الساعة من عام سنة بتوقيت توقيت ساعت في در เวลา น ค ศ พ ngày lúc ถ ที่ בשעה को";
/// What stands before or behind a time of the first half of the day.
const FIRST_HALF: &str = "am|a.m|a.m.|a. m.|ص|صباحا|صباحاً|صباحًا|上午|午前|凌晨|早上|오전|ق.ظ|ق.ظ.|قظ|قبل از ظهر|قبلازظهر|π.μ.|πμ|sa|öö|पूर्वाह्न|\
পূর্বাহ্ণ|மு.ப.|ก่อนเที่ยง|sáng|לפנה״צ|пр.об.|дп|dop.|priekšp.|fm|f.m.|f.h.|vm.|p.d.|pg";
/// The same of the second.
const SECOND_HALF: &str = "pm|p.m|p.m.|p. m.|م|مساء|مساءا|مساءً|下午|午後|中午|晚上|오후|ب.ظ|ب.ظ.|بظ|بعد از ظهر|بعدازظهر|μ.μ.|μμ|ch|ös|अपराह्न|\
অপরাহ্ণ|பி.ப.|หลังเที่ยง|chiều|tối|אחה״צ|сл.об.|пп|odp.|pēcp.|em|e.m.|e.h.|nm.|m.d.|ptg";

/// Whether a word says nothing.
pub(super) fn is_filler(word: &str) -> bool {
    let lower = word.to_lowercase();
    FILLERS.split(' ').any(|part| part == lower)
}

/// The half of the day that is named at the start (`true` for the second), and the bytes of its
/// name.
pub(super) fn half_at(rest: &str) -> Option<(bool, usize)> {
    let ends = |length: usize| rest[length..].chars().next().is_none_or(|c| !c.is_alphabetic());
    let named = |name: &&str| {
        rest.get(..name.len()).is_some_and(|rest| rest.to_lowercase() == *name) && ends(name.len())
    };
    let longest = |names: &'static str| names.split('|').filter(named).map(str::len).max();
    let (first, second) = (longest(FIRST_HALF), longest(SECOND_HALF));
    Some((second > first, first.max(second)?))
}
