"""What words near a number say of it, in Arabic, English and Arabic in Latin letters: the lexicon of
`redaction.context`.

Texts come plain (`redaction.plain_text`) and in small letters, so Arabic stands here without hamza, ة or ى. A word
has one class; Arabic ones are looked for behind the letters that are written onto them (و ف ب ك ل ال) and in front of
their endings.
"""

import re
from typing import Final

CODE: Final = "code"  # a code or password, of anything yet
OTP: Final = "otp"  # a one-time code, whatever else is said
AUTH: Final = "auth"  # what one-time codes are for
BARE: Final = "bare"  # says no more of a code than that it is there
NUMBER: Final = "number"  # "no.", رقم: what follows it names the number
PURPOSE: Final = "purpose"  # what a code may be for, and other numbers too
SHARE: Final = "share"  # what one must not do with a code
USE: Final = "use"  # what one does with a code
IDENTITY: Final = "identity"
PERSON: Final = "person"  # whose number it is; "customer no." is nevertheless a number of its own
PHONE: Final = "phone"
HELP: Final = "help"  # where one asks or reports
CARD: Final = "card"
THING: Final = "thing"  # what has numbers of its own: orders, branches, meters, helplines
MONEY: Final = "money"
UNIT: Final = "unit"
TIME: Final = "time"
WARN: Final = "warn"  # never, do not
ENDING: Final = "ending"  # only the last digits follow
OFFER: Final = "offer"
NAFATH: Final = "nafath"
VALID: Final = "valid"  # for how long
MARK: Final = "mark"  # "is", ":": what follows is meant
STOP: Final = "stop"  # ends a sentence
COMMA: Final = "comma"
SIGN: Final = "sign"  # any other punctuation
DIGITS: Final = "digits"
OTHER: Final = "other"

_ARABIC: Final = {
    CODE: "رمز|كود|شفر|كلم[هت](?!ا)|باس+و|توكن",
    OTP: "مره$",
    AUTH: (
        "تحقق|توثيق|موثق|تفعيل|تنشيط|دخول|تسجيل|سري|سر$|مرور|موقت|تاكيد|امان|حمايه|تفويض|استعاد|تعيين|اعاد[هت]|"
        "مصادق|توقيع|واحد|خطوت|ثنايي|اعتماد|اكمال|اكمل|اتمام|متابع|استمرار|لمره"
    ),
    PURPOSE: ("شراء|حوال|تحويل|دفع$|الغاء|عملي|زيار|توصيل|اضاف|تنفيذ|سحب$|استلام|تسليم|فتح|استرداد|بدء|بدا$|موافق"),
    SHARE: "تشارك|مشارك|شارك|تفصح|افصح|افش|تفش|تطلع$|اطلع$",
    NUMBER: "رقم|ارقام$",
    USE: (
        "استخدم|استعمل|ادخل|دخل$|دخلي|اكتب|حط|ارسل|اعط|سلم$|قدم$|اختر|اضغط|ضع|انسخ|عط|تعط|ترسل|قل$|قول|اعرض|"
        "ور[يه]|اظهر|ابرز|زود|بلغ السايق"
    ),
    IDENTITY: "هوي[هتا]|هويات|اقام[هت]|مدني|احوال|وطني",
    PERSON: (
        "عميل|عملا|طالب|موظف|عامل|مريض|مقيم|مواطن|زاير|مستفيد|مستاجر|موجر|كفيل|مكفول|تابع|ولي|صاحب|حامل|مستخدم|"
        "والد|ام$|اب$|ابو$|معلم|دكتور|طبيب|عضو$|مشترك"
    ),
    PHONE: (
        "جوال|هاتف|موبايل|واتس|محمول|نقال|تواصل|اتصل|اتصال|دق$|كلم(?!ه)|رقمي|تلفون|تليفون|طواري|سواق|مندوب|سايق|"
        "كابتن|رصيد|شريح"
    ),
    HELP: "احتيال|بلغ|تبليغ|ابلاغ|استفسار|دعم|مجاني|مركز|ساخن|شكاو|عناي|خدم[هت]",
    CARD: "بطاق|فيزا|ماستر|مدي$|كرت|ايتمان|صراف",
    THING: (
        "طلب|فاتور|شحن|حجز|تذكر|بلاغ|مرجع|معامل|مخالف|عضوي|وثيق|رحل|غرف|عياد|فرع|حساب|بوليص|عقد|عداد|لوح|مبني|"
        "شارع|صندوق|بريد|دور|قسط|منتج|سداد|تحويله|نسخ|باركود|صنف|ماد[هت]|متجر|دول|مدين|قطع|ملف|اشتراك|تجاري|منشا|"
        "موعد|تسلسلي|معرف|رسوم|قراء|مقعد|نتيج|خطا|بلد|لون|صف$|كرسي|مكتب|قاع|سند|شكو|قضي|مركب|سيار|بند|حرك|بوابه|"
        "رصيد|نقاط|راتب|بصم|موقف|مسار|ختم|مستخرج|مسلسل|دفع[هت]|دفعات|سعر|اسعار|مواصف|موديل|طراز|شاس|هيكل|مفتاح|"
        "احتيال|بلغ|موقع|وصف|حال[هت]|تبرع|تعرف|جمرك|تامين|دور[هت]|فصل|مشرف"
    ),
    ENDING: "منته",
    OFFER: "خصم|تخفيض|كوبون|عرض|عروض|دعو[هت]|قسيم|هدي[هت]|ترويج",
    MONEY: "مبلغ|قيم[هت]|ريال|بمبلغ|درهم|دينار|دولار|جنيه|هلل",
    UNIT: (
        "ثاني|ثوان|دقيق|دقايق|ساع[هت]|يوم|ايام|شهر|اشهر|شهور|سن[هت]|سنوات|عام|اسبوع|نقط|مر[هتا]|محاول|خان[هت]|"
        "وجب|ضيف|كيلو|كم$|متر|قطعه|حب|شخص|خصما|ضعف|بلاغ|موظف|طالب|عميل|مقعد|تذاكر|هجري"
    ),
    TIME: (
        "تاريخ|يناير|فبراير|مارس|ابريل|مايو|يونيو|يوليو|اغسطس|سبتمبر|اكتوبر|نوفمبر|ديسمبر|محرم|صفر$|ربيع|جماد|"
        "رجب|شعبان|رمضان|شوال|ذو|حتي|قبل|منذ|من$|الي$|صباح|مساء|بعد"
    ),
    WARN: "لن$|احذر|تنبيه|تحذير|لا$",
    NAFATH: "نفاذ",
    VALID: "صالح|صلاحي|سار[يه]|ينتهي|تنتهي",
    MARK: "هو$|هي$",
    BARE: (
        "خاص|حق|مال[كهت]|بتاع|تبع|تالي|اتي|هذا|هاذا|جديد|لك|لديك|لحساب|لدي|رسال|ب?نك|عبر|كامل|عزيز|ذي|في$|علي$|"
        "ان$|ل$|وصل|خلال|مكون|مرسل|ظاهر|صحيح|ادناه"
    ),
}
"""Stems, after the letters written in front; `$` where nothing may follow but an ending."""

_LATIN: Final = {
    CODE: ("code codes pin pins token password passwd passkey pwd ramz rmz ramzak rmzak kod kood kalimat kalimah key"),
    OTP: "otp otps passcode passcodes tan onetime mtan totp",
    AUTH: (
        "verification verify verifying verifies security secure login logon logging log signin sign signing "
        "signup auth authentication authenticating authenticate authorization authorisation authorize authorise "
        "activation activate activates activating confirm confirming confirms confirmation access one up "
        "temporary temp reset resetting recover recovery registration register unlock unlocking factor step sms "
        "mfa 2fa approve completing complete continue proceed enable link pair pairing tahaqoq tahaquq ta7aqoq "
        "tahqiq tafeel taf3eel tfeel altafeel dokhol dokhool dukhul aldokhol aldokhool altahaqoq altahaquq sirri "
        "serri alserri sirry almoroor almuroor moroor muroor taakid tawtheeq tawthiq"
    ),
    VALID: "valid expires expire expiring",
    MARK: "is hwa huwa hiya hia",
    BARE: (
        "your the a this my are with digit digits following below new our of for to in and its by via here "
        "please haqak haqi hakak bta3ak bta3y howa el al hadha hatha jadeed number ur unique"
    ),
    NUMBER: "no num nr nbr raqam raqm rqm rgm ragam raqem numbers #",
    PURPOSE: (
        "delivery pickup collection collect purchase trip ride checkin transfer withdrawal handover locker door "
        "entry visit"
    ),
    SHARE: "share sharing disclose reveal forward expose",
    USE: (
        "use using enter type quote input reply give select choose tap press submit copy provide insert show "
        "present send tell quoting"
    ),
    IDENTITY: (
        "id ids nid nin iqama iqamah iqamas eqama igama iqamati iqamatak identity national civil resident "
        "residency residence nationalid hawiya hawiyati hawiyat hawya howiya hawiyya alhawiya huwiya alhawiyya "
        "madani almadani sejel watani muqeem citizen"
    ),
    PERSON: (
        "customer client student patient employee member user tenant landlord sponsor holder owner guardian "
        "teacher doctor nurse parent"
    ),
    PHONE: (
        "phone mobile mob cell cellphone tel telephone whatsapp wats wa call contact ring text line jawal jawwal "
        "jawali jawwali aljawal jawalak jawwalak raqmi ragmi rqmi driver courier captain ittisel itasel kallimni "
        "kalimni sim gsm handset msisdn reach"
    ),
    HELP: "hotline helpline fraud toll report questions question help support care dial",
    CARD: (
        "card cards visa mada mastercard amex pan debit credit cardnumber cc bitaqa bitaqati kart albitaqa "
        "maestro unionpay"
    ),
    THING: (
        "account acct agreement amount application appointment apt atm balance bill block booking branch "
        "building case claim company complaint contract counter date extension ext file fine flight floor gate "
        "hall invoice item lane load loan lot membership meter model office order page parcel plate po box "
        "points policy price product queue receipt ref reference refund request reservation room score seat "
        "serial session shipment since sku store street sum terminal ticket till total tracking transaction unit "
        "until vat version violation waybill postal post postcode zip area country bank tax error status source "
        "swift bic qr bar barcode airport dress color colour city sort tariff hs course stock ticker seller "
        "listing agent station fault game class job batch license licence reading population mrn trn imei iccid "
        "sequence commercial subscriber payment bus diagnosis insurance insurer insured hotel fax port exit road "
        "zone slot aisle cr procedure track awb package campaign tier device event meeting webinar team shift "
        "approval timestamp epoch crn pnr document asset menu"
    ),
    ENDING: "ending ends ended",
    OFFER: (
        "promo promotional discount coupon voucher gift referral invite invitation off save sale offer offers "
        "deal cashback loyalty"
    ),
    MONEY: "sar sr usd aed qar kwd bhd omr egp eur gbp riyal riyals rial fee paid pay cost",
    UNIT: (
        "seconds second sec secs minutes minute min mins hours hour hrs hr days day weeks week months month "
        "years year pts times attempts characters chars kwh km kg percent users guests reports meals people m gb "
        "mb stores branches students"
    ),
    TIME: (
        "jan january feb february mar march apr april may jun june jul july aug august sep september oct october "
        "nov november dec december before from at on ramadan hijri"
    ),
    WARN: "never not dont don't nobody",
    NAFATH: "nafath nafaz",
}

_ENDING: Final = "(?:ك|كم|كما|نا|ه|ها|هم|ي|ت|تك|تكم|ات|ان|ين|ون|ا|يا)?"


def _pattern() -> re.Pattern[str]:
    groups = "|".join(
        f"(?P<{name}>{'|'.join(each.replace('$', _ENDING + '$') for each in stems.split('|'))})"
        for name, stems in _ARABIC.items()
    )
    return re.compile(rf"(?:{groups})")


_STEM: Final = _pattern()
_WRITTEN_ON: Final = re.compile(r"[وف]?(?:[بك]?ال|لل|[بكل])?")
_BY_WORD: Final = {word: name for name, words in reversed(_LATIN.items()) for word in words.split()}
_KEPT: Final = 8192
_KNOWN: dict[str, str] = {}
"""Classes of words that were met; bounded, since texts choose them, and cleared when full."""

TOKEN: Final = re.compile(r"[a-z]+(?:['2356789][a-z]+)*|[0-9]+|[^\W\d_a-z]+|[^\s\w]|_")
_SIGNS: Final = {
    **dict.fromkeys(".!?؟؛", STOP), **dict.fromkeys("،,;", COMMA), **dict.fromkeys(":=", MARK), "#": NUMBER,
}  # fmt: skip


_LATIN_STEM: Final = re.compile(
    r"(?P<auth>verif(?!ied)|verfic|authent|authori[sz]|activat(?!ed)|confirm(?!ed)|unlock|regist(?!ered)|secur|ta?[h7]+a?[qk]+[ou]*[qk]|"
    r"(?:al)?taf[ae3']*[iy]?l\b|(?:al)?d[ou]?kh?[ou]+l\b)|(?P<otp>passcode|otp)|(?P<code>passw|ramz|rumuz)|(?P<identity>iqam|haw[iy])"
)
_ODD: Final = {"رقمنا": PHONE, "ال": BARE, "رقمي": PHONE, "رقمه": PHONE, "رقمها": PHONE}
"""Words whose stem says something else."""


def classify(word: str) -> str:
    """The class of one token, not empty, of a plain text in small letters."""
    known = _KNOWN.get(word)
    if known is None:
        known = _class(word)
        if len(_KNOWN) >= _KEPT:
            _KNOWN.clear()
        _KNOWN[word] = known
    return known


def _class(word: str) -> str:
    if not word[0].isalpha():
        return DIGITS if word.isdigit() else _SIGNS.get(word, SIGN)
    return _of_latin(word) if word.isascii() else _of_arabic(word)


def _of_latin(word: str) -> str:
    named = _BY_WORD.get(word)
    stem = _LATIN_STEM.match(word) if named is None else None
    return named or (stem.lastgroup if stem is not None else None) or OTHER


def _of_arabic(word: str) -> str:
    if len(word) == 1 or word in _ODD:
        return _ODD.get(word, BARE)
    written_on = _WRITTEN_ON.match(word)
    bare = 0 if written_on is None else written_on.end()
    starts = (0, bare if bare < len(word) - 1 else 0, 1 if word[0] in "وفبكل" else 0)
    for start in dict.fromkeys(starts):
        found = _STEM.match(word, start) if len(word) - start >= 2 else None
        if found is not None and found.lastgroup is not None:
            return found.lastgroup
    return OTHER
