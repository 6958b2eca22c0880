"""The words of the record of processing activities, in English and Arabic."""

from collections.abc import Mapping
from typing import Final, Literal

Lang = Literal["en", "ar"]
Words = Mapping[str, str]
Pairs = Mapping[str, tuple[str, str]]


def say(words: Pairs, word: str, lang: Lang) -> str:
    """The word itself where it is not there: a test goes through all that the inventory has."""
    return words.get(word, (word, word))[lang == "ar"]


COLUMNS: Final[Pairs] = {
    "activity": ("Activity", "النشاط"),
    "description": ("Description", "الوصف"),
    "controller": ("Controller", "جهة التحكم"),
    "contact": ("Contact", "بيانات الاتصال"),
    "officer": ("Data protection officer", "مسؤول حماية البيانات الشخصية"),
    "role": ("Role of the platform", "دور المنصة"),
    "purpose": ("Purpose", "الغرض من المعالجة"),
    "basis": ("Legal basis", "المسوّغ النظامي"),
    "subjects": ("Categories of data subjects", "فئات أصحاب البيانات"),
    "data": ("Categories of personal data", "فئات البيانات الشخصية"),
    "datasets": ("Names of datasets", "أسماء مجموعات البيانات"),
    "retention": ("Retention", "مدة الاحتفاظ"),
    "recipients": ("Categories of recipients", "فئات الجهات المفصح لها"),
    "disclosed": ("Disclosed to: dates, method, purpose", "الإفصاح: التاريخ والوسيلة والغرض"),
    "transfers": ("Transfers outside the Kingdom", "النقل خارج المملكة"),
    "security": ("Security measures", "إجراءات الأمن"),
    "start": ("Start", "تاريخ البدء"),
    "end": ("End", "تاريخ الانتهاء"),
    "unit": ("Unit", "الإدارة"),
    "owner": ("Owner of the data", "مالك البيانات"),
    "location": ("Place and tool", "موقع وأداة المعالجة"),
    "processor": ("Processors and their obligations", "جهات المعالجة والتزاماتها"),
    "consent": ("Procedure of consent", "إجراء الموافقة"),
    "rights": ("Procedure for rights", "إجراء ممارسة الحقوق"),
    "sensitive": ("Sensitive data", "بيانات حساسة"),
    "linking": ("Linking of datasets", "ربط مجموعات بيانات"),
    "incapable": ("People without full capacity", "ناقصو الأهلية أو عديموها"),
    "number": ("Number of data subjects", "عدد أصحاب البيانات"),
    "scale": ("Scale", "حجم المعالجة"),
    "frequency": ("Frequency", "تكرار المعالجة"),
    "new_technology": ("New technology", "تقنيات ناشئة"),
    "automated": ("Automated decisions", "قرارات آلية"),
    "assessment": ("Impact assessment", "تقويم الأثر"),
    "updated": ("Last update", "آخر تحديث"),
    "updated_by": ("Updated by", "جهة التحديث"),
}

PURPOSES: Final[Pairs] = {
    "operate": ("Operating the service", "تشغيل الخدمة"),
    "client_management": ("Managing clients", "إدارة العملاء"),
    "messaging": ("Delivering messages", "إيصال الرسائل"),
    "security": ("Security and prevention of fraud", "الأمن ومنع الاحتيال"),
    "improvement": ("Improvement", "التحسين"),
    "legal": ("Legal duties", "الالتزامات النظامية"),
}
BASES: Final[Pairs] = {
    "contract": ("contract", "تنفيذ عقد"),
    "consent": ("consent", "الموافقة"),
    "legitimate_interest": ("legitimate interest", "مصلحة مشروعة"),
    "legal_obligation": ("legal obligation", "التزام نظامي"),
}
ROLES: Final[Pairs] = {"controller": ("controller", "جهة تحكم"), "processor": ("processor", "جهة معالجة")}
CLOCKS: Final[Pairs] = {
    "content": ("content: by the tag of its message", "المحتوى: بحسب وسم الرسالة"),
    "record": ("record: by the tag of its message", "السجل: بحسب وسم الرسالة"),
    "account": ("as long as the account", "مدة بقاء الحساب"),
    "row": ("to a time in the row itself", "حتى الوقت المدوّن في السجل نفسه"),
    "destruction": ("until a destruction replaces it", "حتى استبداله عند الإتلاف"),
    "gateway": ("as long as the installation; it names nobody", "مدة بقاء المنشأة، ولا يدل على أحد"),
}
CATEGORIES: Final[Pairs] = {
    "api_key": ("API keys", "مفاتيح الواجهة البرمجية"),
    "audit_pending": ("entries of the audit log", "قيود سجل المراجعة"),
    "audit_sent": ("what customers were sent of the audit log", "ما أُرسل إلى العملاء من سجل المراجعة"),
    "balance": ("balances", "الأرصدة"),
    "case": ("cases of people, and their clocks", "طلبات الأشخاص ومواعيدها"),
    "case_code": ("digests of codes that prove a number", "بصمات رموز إثبات الأرقام"),
    "case_waiting": ("requests that are not proved yet", "طلبات لم تُثبت بعد"),
    "code_tally": ("counts of codes by digests", "عدّادات الرموز ببصمات"),
    "certificate": ("certificates of destruction", "شهادات الإتلاف"),
    "challenge": ("random numbers that were used to sign in", "أرقام عشوائية استُعملت في الدخول"),
    "correlation": ("digests of operators' ids", "بصمات معرّفات المشغلين"),
    "counter": ("counts", "عدّادات"),
    "customer": ("customers and their contact data", "العملاء وبيانات الاتصال بهم"),
    "demand": ("throughput", "معدل الإرسال"),
    "document": ("what people have set", "ما ضبطه المسؤولون"),
    "endpoint": ("customers' endpoints", "نقاط استقبال العملاء"),
    "erased": ("ids of erased messages", "معرّفات الرسائل الممحوة"),
    "erasure": ("erasures under way", "عمليات محو جارية"),
    "esme": ("accounts for SMPP", "حسابات SMPP"),
    "held": ("copies under a legal hold", "نسخ تحت حجز نظامي"),
    "hold": ("legal holds", "حالات الحجز النظامي"),
    "fraud_override": ("numbers exempt from controls against abuse", "أرقام مستثناة من ضوابط إساءة الاستخدام"),
    "fraud_block": ("blocked ranges of numbers", "نطاقات أرقام محجوبة"),
    "idempotency": ("digests of repeated requests", "بصمات الطلبات المكررة"),
    "inbox": ("messages from people", "رسائل واردة من الأشخاص"),
    "keystore": ("keys", "المفاتيح"),
    "leaving": ("customers that leave", "عملاء مغادرون"),
    "lock": ("failed sign-ins", "محاولات دخول فاشلة"),
    "message": ("numbers, texts, status and times of messages", "أرقام الرسائل ونصوصها وحالاتها وأوقاتها"),
    "meta": ("facts about the store", "بيانات عن المخزن"),
    "outbox": ("notifications that wait", "إشعارات في الانتظار"),
    "package": ("packages of what is held of a person", "حزم ما يُحتفظ به عن شخص"),
    "package_part": ("parts of these packages", "أجزاء هذه الحزم"),
    "permission": ("consents and suppressions", "الموافقات وقوائم الإيقاف"),
    "person": ("people who administer", "المسؤولون"),
    "person_name": ("digests of e-mail addresses", "بصمات عناوين البريد"),
    "quota": ("quotas", "الحصص"),
    "request": ("requests for a second person", "طلبات تحتاج شخصًا ثانيًا"),
    "reservation": ("amounts reserved", "مبالغ محجوزة"),
    "sender": ("registered senders", "أسماء المرسلين المسجلة"),
    "session": ("sessions", "الجلسات"),
    "signin": ("sign-ins", "عمليات الدخول"),
    "spending": ("amounts spent", "المبالغ المصروفة"),
    "task": ("tasks", "المهام"),
    "token": ("tokens of machines", "رموز الأجهزة"),
    "traffic": ("sums of messages that are gone", "مجاميع رسائل أُتلفت"),
    "usage": ("sums of messages", "مجاميع الرسائل"),
}
"""By table, or kind of document."""

SAID: Final[Pairs] = {
    "unknown": ("unknown", "غير معلوم"),
    "this machine": ("this machine", "هذا الجهاز"),
    "customer": ("the customer; the platform is its processor", "العميل؛ والمنصة جهة معالجة لديه"),
    "about_operate": ("what the service needs to run and to bill", "ما تحتاجه الخدمة للعمل والفوترة"),
    "about_client_management": ("accounts of customers", "حسابات العملاء"),
    "about_messaging": ("messages are taken, sent to operators and told of", "استلام الرسائل وإرسالها والإبلاغ عنها"),
    "about_security": ("credentials, keys, and who did what", "بيانات الدخول والمفاتيح وسجل الأعمال"),
    "about_improvement": ("sums without a subject", "مجاميع لا تخص شخصًا"),
    "about_legal": ("holds, erasures and their proof", "الحجز والمحو وإثباتهما"),
    "subjects_traffic": ("people whom customers write to, or who write to them", "من يراسلهم العملاء أو يراسلونهم"),
    "subjects_accounts": ("customers and people who administer", "العملاء والمسؤولون"),
    "nothing": ("nothing", "لا شيء"),
    "none_abroad": ("none", "لا يوجد"),
    "goes_on": ("goes on", "مستمر"),
    "content": ("content", "المحتوى"),
    "record": ("record", "السجل"),
    "seconds": ("s", "ثانية"),
    "operator": ("operator", "مشغّل"),
    "store": ("store", "مخزن"),
    "provider": ("provider", "مزوّد خدمة"),
    "messages": ("messages", "رسالة"),
    "form_sealed": ("sealed with AES-256-GCM under keys that are destroyed", "تشفير AES-256-GCM بمفاتيح تُتلف"),
    "form_pseudonym": ("keyed pseudonyms", "أسماء مستعارة بمفاتيح"),
    "form_digest": ("keyed digests", "بصمات بمفاتيح"),
    "form_aggregate": ("sums without a subject", "مجاميع لا تخص شخصًا"),
    "security": ("roles, TLS, an audit log that shows changes", "صلاحيات وTLS وسجل مراجعة يكشف التغيير"),
    "consent": ("consent is asked for", "تُشترط الموافقة"),
    "not_on_consent": ("does not rest on consent", "لا يستند إلى الموافقة"),
    "rights_traffic": (
        "`subject erase|access|object|restrict`, /v1/subjects, STOP",
        "`subject erase|access|object|restrict` و/v1/subjects وكلمة إيقاف",
    ),
    "rights_accounts": ("`customer show|correct|erase`, `person`", "`customer show|correct|erase` و`person`"),
    "sensitive_traffic": (
        "texts are the customers'; what they hold is unknown",
        "النصوص للعملاء؛ ومحتواها غير معلوم",
    ),
    "customer_accounts": ("customers", "عملاء"),
    "continuous": ("continuous", "مستمرة"),
    "automated_traffic": (
        "messages are held or refused by rules of the regulator; no profile of a person",
        "تُحجز الرسائل أو تُرفض بقواعد الجهة التنظيمية؛ دون تنميط للأشخاص",
    ),
    "no": ("no", "لا"),
}
