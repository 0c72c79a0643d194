"""Names of people: many scripts and lengths, because lists, sorting and cards must bear them. None is a real person."""

from dataclasses import dataclass

from haier_market.seed.chance import Chance

LONGEST = 80

GIVEN = (
    "Adaeze", "Aditi", "Agnieszka", "Alejandra", "Amina", "Anders", "Andrea", "Anjali", "Antonio", "Arjun",
    "Astrid", "Ayşe", "Beatriz", "Bogdan", "Camila", "Carlos", "Chiara", "Chinedu", "Daniel", "Deniz", "Dmitri",
    "Elena", "Elif", "Emeka", "Emilia", "Erik", "Fatima", "Felix", "Florence", "Giulia", "Grace", "Hanna", "Hugo",
    "Ibrahim", "Ida", "Ingrid", "Isabel", "Jakub", "James", "Jana", "Joana", "Johan", "Jorge", "Kamala", "Karin",
    "Kemal", "Lars", "Laura", "Leila", "Lena", "Lucía", "Luis", "Magnus", "Malik", "Manuel", "Marek", "Maria",
    "Marta", "Matteo", "Maya", "Mehmet", "Mikael", "Milan", "Miriam", "Nadia", "Natalia", "Ngozi", "Niklas", "Nina",
    "Oksana", "Olivia", "Omar", "Paolo", "Pavel", "Petra", "Priya", "Rafael", "Rania", "Ravi", "Rosa", "Samuel",
    "Sanjay", "Sara", "Selin", "Simon", "Sofia", "Somchai", "Sunita", "Tariq", "Teresa", "Thabo", "Tomas", "Ulla",
    "Valentina", "Vikram", "Wanjiru", "Yara", "Yusuf", "Zofia", "Zsófia",
)  # fmt: skip
FAMILY = (
    "Adeyemi", "Almeida", "Andersson", "Aydın", "Banerjee", "Baran", "Bauer", "Bekele", "Bianchi", "Blanco", "Borg",
    "Bose", "Campos", "Cardoso", "Castillo", "Çelik", "Cohen", "Conti", "Costa", "Dahl", "Das", "De Luca", "Demir",
    "Desai", "Diallo", "Dvořák", "Eriksen", "Esposito", "Fernández", "Ferrari", "Fischer", "Fontaine", "García",
    "Greco", "Gupta", "Haddad", "Hansen", "Hernández", "Hoffmann", "Horvat", "Ivanova", "Iyer", "Jansen", "Jensen",
    "Joshi", "Kamau", "Kaplan", "Kaya", "Keller", "Khan", "Kovač", "Kowalski", "Krüger", "Kumar", "Larsen",
    "Lindholm", "Lopes", "Marino", "Martín", "Mbeki", "Mehta", "Meyer", "Moreau", "Moreno", "Mwangi", "Nair",
    "Ndlovu", "Nielsen", "Novotná", "Nowak", "Nwosu", "Okoro", "Olsen", "Öztürk", "Patel", "Pereira", "Petrov",
    "Popescu", "Rahman", "Rao", "Reyes", "Ricci", "Rojas", "Romano", "Rossi", "Saito", "Santos", "Schmidt",
    "Sharma", "Silva", "Singh", "Sørensen", "Srisai", "Suzuki", "Szabó", "Takahashi", "Torres", "Tran", "Turner",
    "Vargas", "Virtanen", "Volkov", "Weber", "Wójcik", "Yamamoto", "Yılmaz", "Zając",
)  # fmt: skip
HAN_FAMILY = (
    ("王", "Wang"), ("李", "Li"), ("张", "Zhang"), ("刘", "Liu"),
    ("陈", "Chen"), ("杨", "Yang"), ("赵", "Zhao"), ("黄", "Huang"),
    ("周", "Zhou"), ("吴", "Wu"), ("徐", "Xu"), ("孙", "Sun"),
    ("胡", "Hu"), ("朱", "Zhu"), ("高", "Gao"), ("林", "Lin"),
    ("何", "He"), ("郭", "Guo"), ("马", "Ma"), ("罗", "Luo"),
    ("梁", "Liang"), ("宋", "Song"), ("郑", "Zheng"), ("谢", "Xie"),
    ("韩", "Han"), ("唐", "Tang"), ("冯", "Feng"), ("于", "Yu"),
    ("董", "Dong"), ("萧", "Xiao"), ("程", "Cheng"), ("曹", "Cao"),
    ("袁", "Yuan"), ("邓", "Deng"), ("许", "Xu"), ("傅", "Fu"),
    ("欧阳", "Ouyang"), ("司徒", "Situ"),
)  # fmt: skip
HAN_GIVEN = (
    ("伟", "Wei"), ("芳", "Fang"), ("娜", "Na"), ("秀英", "Xiuying"),
    ("敏", "Min"), ("静", "Jing"), ("丽", "Li"), ("强", "Qiang"),
    ("磊", "Lei"), ("军", "Jun"), ("洋", "Yang"), ("勇", "Yong"),
    ("艳", "Yan"), ("杰", "Jie"), ("娟", "Juan"), ("涛", "Tao"),
    ("明", "Ming"), ("超", "Chao"), ("秀兰", "Xiulan"), ("霞", "Xia"),
    ("平", "Ping"), ("桂英", "Guiying"), ("子涵", "Zihan"), ("雨桐", "Yutong"),
    ("浩然", "Haoran"), ("思远", "Siyuan"), ("欣怡", "Xinyi"), ("梓轩", "Zixuan"),
    ("一诺", "Yinuo"), ("俊杰", "Junjie"), ("晓东", "Xiaodong"), ("建华", "Jianhua"),
    ("海燕", "Haiyan"), ("志强", "Zhiqiang"), ("美玲", "Meiling"), ("春梅", "Chunmei"),
    ("国栋", "Guodong"), ("天宇", "Tianyu"), ("若曦", "Ruoxi"), ("佳琪", "Jiaqi"),
)  # fmt: skip
ARABIC_GIVEN = (
    ("محمد", "Mohamed"), ("أحمد", "Ahmed"), ("فاطمة", "Fatma"), ("مريم", "Maryam"),
    ("يوسف", "Youssef"), ("ليلى", "Layla"), ("خالد", "Khaled"), ("نور الدين", "Noureddine"),
    ("سلمى", "Salma"), ("عمر", "Omar"), ("هبة", "Heba"), ("طارق", "Tarek"),
)  # fmt: skip
ARABIC_FAMILY = (
    ("المصري", "Elmasry"), ("حداد", "Haddad"), ("منصور", "Mansour"), ("الشريف", "Elsherif"),
    ("عبد الرحمن", "Abdelrahman"), ("الخطيب", "Elkhatib"), ("سليمان", "Soliman"), ("يعقوب", "Yacoub"),
    ("النجار", "Elnaggar"), ("قاسم", "Kassem"),
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """A name as its owner writes it, and in plain letters for an e-mail address."""

    written: str
    plain: str
    language: str = ""


def draw(chance: Chance) -> Name:
    """A name: mostly Latin letters, a quarter Chinese characters, some Arabic, a few of eighty characters."""
    kind = chance.below()
    if kind < 0.25:
        (family, plain_family), (given, plain_given) = chance.pick(HAN_FAMILY), chance.pick(HAN_GIVEN)
        return Name(family + given, f"{plain_given} {plain_family}", "zh-hans")
    if kind < 0.40:
        return _one(f"{chance.pick(HAN_GIVEN)[1]} {chance.pick(HAN_FAMILY)[1]}")
    if kind < 0.44:
        (given, plain_given), (family, plain_family) = chance.pick(ARABIC_GIVEN), chance.pick(ARABIC_FAMILY)
        return Name(f"{given} {family}", f"{plain_given} {plain_family}")
    if kind < 0.448:
        return long_name(chance)
    return _one(f"{chance.pick(GIVEN)} {chance.pick(FAMILY)}")


def long_name(chance: Chance) -> Name:
    """A name of exactly eighty characters, as some people have."""
    given = chance.sample(GIVEN, 3)
    text = " ".join(given)
    while len(text) < LONGEST:
        text += f"-{chance.pick(FAMILY)}" if text.count(" ") > 2 else f" {chance.pick(FAMILY)}"
    return Name(text[:LONGEST].rstrip("- ").ljust(LONGEST, "a"), f"{given[0]} {given[1]}")


def _one(name: str) -> Name:
    return Name(name, name)


def mail_name(plain: str) -> str:
    """The part of an address before the @, letters and dots only."""
    letters = "".join(_PLAIN.get(letter, letter) for letter in plain.lower().replace(" ", "."))
    return letters.encode("ascii", "ignore").decode()


_PLAIN = dict(
    zip(
        "áàâäãåąçćčďéèêëęěğíìîïıłľñńňóòôöõøőřśšşťúùûüůűýÿźżžß",
        "aaaaaaacccdeeeeeegiiiiillnnnooooooorssstuuuuuuyyzzzs",
        strict=True,
    )
)
