"""What headings and codes are called, in Dutch and English: the words by which a column's role is recognised.

All are compared without case and without signs, so that ‘Leerling-nr.’ is ‘leerlingnr’.
"""

from __future__ import annotations

import re

# role -> headings that say so, then headings that may say so
ROLES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "pupil": (
        frozenset(
            (
                "leerling", "leerlingnr", "leerlingnummer", "leerlingid", "leerlingcode", "llnr", "llnnr", "lln",
                "llid",
                "pupil", "pupilnr", "pupilid", "pupilcode", "pupilnumber", "student", "studentid", "studentnr",
                "studentnumber", "studentcode", "sid", "stuid", "subid", "child", "childid", "kind", "kindnr", "kindid",
                "kindcode", "pseudoniem", "pseudonym", "deelnemer", "deelnemernr", "proefpersoon", "ppnr", "ppn",
                "participant", "participantid", "participantnr", "respondent", "respondentid", "respondentnr", "respnr",
                "idleerling", "leerlingnaam", "idpupil", "idstudent", "stid", "stnr",
            )
        ),
        frozenset(("id", "nr", "nummer", "number", "code", "case", "caseid", "obs", "subject", "ll", "pp", "resp",
        "key",
                   "naam", "name", "persoon", "person", "uuid", "volgnummer", "rowid", "patient")),
    ),
    "teacher": (
        frozenset(
            (
                "leraar", "leerkracht", "lk", "lknr", "leerkrachtnr", "leraarnr", "leerkrachtid", "leraarid", "lkid",
                "leerkrachtcode", "docent", "docentnr", "docentid", "juf", "meester", "mentor", "teacher", "teacherid",
                "teachernr", "teachercode", "teachernumber", "tch", "tchid", "tid", "groepsleerkracht", "groepsleraar",
            )
        ),
        frozenset(("mentorid", "rater", "beoordelaar")),
    ),
    "class": (
        frozenset(
            (
                "klas", "klasnr", "klasid", "klascode", "klasnaam", "class", "classid", "classnr", "classnum",
                "classcode", "classname", "classroom", "classroomid", "stamgroep", "basisgroep", "groepsnaam",
                "groepnr",
                "groepscode", "groepid", "klassenr", "cls",
            )
        ),
        frozenset(("groep", "group", "section", "homeroom")),
    ),
    "school": (
        frozenset(
            (
                "school", "schoolnr", "schoolid", "schoolcode", "schoolnaam", "schoolname", "sch", "schid", "schnr",
                "brin", "brinnr", "brinnummer", "vestiging", "locatie", "schoolnummer", "schoolnumber",
            )
        ),
        frozenset(("site", "location")),
    ),
    "arm": (
        frozenset(
            (
                "conditie", "condition", "cond", "arm", "treatment", "treat", "trt", "interventie", "intervention",
                "experimentelegroep", "onderzoeksgroep", "onderzoeksconditie", "behandeling", "programma", "program",
                "programme", "condities", "studyarm", "groepconditie", "expgroep", "allocation", "toewijzing", "tx",
                "experimental", "experimenteel", "treated", "exp",
            )
        ),
        frozenset(("groep", "group", "type", "cltype", "variant", "methode", "method")),
    ),
    "wave": (
        frozenset(
            (
                "meting", "metingnr", "meetmoment", "meetmomentnr", "wave", "golf", "time", "timepoint", "tijdstip",
                "tijd", "moment", "afname", "afnamemoment", "occasion", "testmoment", "toetsmoment", "measurement",
                "assessment", "phase", "prepost", "voorna",
            )
        ),
        frozenset(("t", "w", "m", "ronde", "round", "year", "jaar", "fase", "periode", "period", "semester")),
    ),
}  # fmt: skip

SEX = frozenset(
    ("sekse", "geslacht", "sex", "gender", "jongenmeisje", "jongen", "meisje", "girl", "boy", "female", "male", "mv")
)
AGE = frozenset(("leeftijd", "age", "leeftijdjaren", "leeftijdinjaren", "ageyears", "lft"))
GRADE = frozenset(("jaargroep", "leerjaar", "grade", "gradelevel", "yeargroup", "jaarlaag", "gr"))
BIRTH = frozenset(
    ("geboortedatum", "gebdatum", "geboorte", "birthdate", "dateofbirth", "dob", "datebirth", "gebdat", "birthday")
)
COVARIATES = {"sex": SEX, "age": AGE, "grade": GRADE}

# what survey tools add of their own: about the form, never about a pupil
OF_TOOLS = frozenset(
    (
        "startdate", "enddate", "status", "ipaddress", "progress", "durationinseconds", "finished", "recordeddate",
        "responseid", "recipientlastname", "recipientfirstname", "recipientemail", "externalreference",
        "externaldatareference", "locationlatitude", "locationlongitude", "distributionchannel", "userlanguage",
        "submitdate", "lastpage", "startlanguage", "seed", "startdatum", "tijdstempel", "timestamp", "begintijd",
        "voltooiingstijd", "starttime", "completiontime", "email", "emailaddress", "emailadres", "token", "refurl",
    )
)  # fmt: skip

CONTROL = (
    "control", "controle", "controlegroep", "cntl", "ctrl", "ctl", "con", "cont", "cg", "co", "contr",
    "wachtlijst",
    "waitlist", "wl", "vergelijkingsgroep", "comparison", "geen", "none", "geenprogramma", "notreatment", "usual",
    "businessasusual", "bau", "tau", "gewoon", "gewoneles", "nee", "no", "placebo", "vergelijking", "controls",
)  # fmt: skip
TREATED = (
    "interventie", "intervention", "interventiegroep", "int", "exp", "experimenteel", "experimental", "experiment",
    "experimentelegroep", "treatment", "treated", "trt", "tx", "programma", "programme", "program", "coaching",
    "training", "behandeling", "ja", "yes", "ig", "eg", "tr", "treat", "interv",
)  # fmt: skip

OF_ARMS = (  # in a heading of which the cells say yes and no
    "programma", "program", "interven", "conditie", "treat", "experiment", "deelname", "deelgenomen", "deedmee",
    "meegedaan", "coaching", "training", "tookpart", "participat",
)  # fmt: skip
PAIRS = (("e", "c"), ("i", "c"), ("t", "c"), ("x", "c"), ("y", "n"), ("j", "n"), ("p", "c"))  # programme, control

LOWER = (
    "conflict", "angst", "anxi", "vrees", "fear", "stress", "probleem", "problem", "pest", "bull", "agress", "aggress",
    "hyper", "depres", "verzuim", "absen", "fout", "error", "boos", "anger", "eenza", "lonel", "burnout", "straf",
    "storend", "disrupt", "helpless", "hulpeloos", "druk", "schorsing", "suspens", "dependency", "afhankelijk",
    "symptom",
)  # fmt: skip
HIGHER = (
    "taal", "lang", "reken", "arit", "math", "wisk", "lees", "lez", "read", "spel", "woord", "vocab", "score", "toets",
    "test", "welb", "wellb", "motiv", "interes", "nabij", "close", "zelf", "self", "effic", "betrok", "engag", "kennis",
    "knowl", "vertrouw", "trust", "sociaal", "social", "groei", "mindset", "resil", "veerkr", "cijfer", "relat", "tech",
    "begrij", "compreh", "iq", "raven", "gpa", "vaardig", "skill", "woodcock", "pva", "prosoc", "plezier", "enjoy",
)  # fmt: skip
TESTS = (
    "taal", "lang", "reken", "arit", "math", "wisk", "lees", "lezen", "read", "spel", "woord", "vocab", "toets", "test",
    "cito", "iep", "dmt", "avi", "raven", "iq", "woodcock", "compreh", "begrij",
)  # fmt: skip
WHO = {
    "teacher": ("leraar", "leraren", "leerkracht", "leerkrachten", "lk", "docent", "docenten", "teacher", "teachers",
    "tch"),
    "pupil": ("leerling", "leerlingen", "ll", "lln", "pupil", "pupils", "student", "students", "kind", "kinderen",
    "child",
              "children", "zelfrapportage", "self"),
    "parent": ("ouder", "ouders", "parent", "parents", "ou"),
    "observer": ("observatie", "observator", "observer", "observation", "obs"),
}  # fmt: skip

# other names of the scoring keys than their own
KEYS = {
    "strs-sf": ("strssf", "strs", "strsf"), "strs": ("strs",), "sdq": ("sdq",), "seq-c": ("seqc", "seq", "seqch"),
    "srq-a": ("srqa", "srq"), "tses-12": ("tses", "tsest", "tses12"), "tses-24": ("tses", "tses24"),
    "rosenberg": ("rosenberg", "rses", "rse"), "gse": ("gse",), "bpnsfs": ("bpnsfs", "bpns"), "amas": ("amas",),
    "mindset-3": ("mindset",), "saas-r": ("saas", "saasr"), "qti-48": ("qti", "vil"), "lhs": ("lhs",),
    "fairness": ("fairness",), "lh-signals": ("lhsignals",), "sdq-impact": ("sdqimpact",),
}  # fmt: skip

# answers in words, lowest first; several forms circulate of each
SCALES = tuple(
    tuple(tuple(step.split("/")) for step in scale)
    for scale in (
        ("helemaal niet mee eens/helemaal mee oneens/zeer mee oneens/sterk mee oneens",
         "niet mee eens/mee oneens/oneens",
         "neutraal/niet mee eens en niet mee oneens/niet eens, niet oneens/noch eens noch oneens/beetje mee eens",
         "mee eens/eens", "helemaal mee eens/zeer mee eens/sterk mee eens"),
        ("strongly disagree/completely disagree", "disagree", "neither/neutral/neither agree nor disagree/undecided",
         "agree", "strongly agree/completely agree"),
        ("helemaal niet van toepassing/klopt helemaal niet/helemaal niet waar",
         "niet van toepassing/klopt niet/niet waar",
         "neutraal/soms waar/klopt een beetje/een beetje waar/enigszins van toepassing", "van toepassing/klopt/waar",
         "helemaal van toepassing/klopt helemaal/helemaal waar"),
        ("niet waar/not true", "een beetje waar/somewhat true", "zeker waar/certainly true"),
        ("nooit/never", "zelden/bijna nooit/rarely/seldom/almost never", "soms/sometimes", "vaak/often",
         "altijd/heel vaak/zeer vaak/always/very often"),
        ("nee/no", "ja/yes"),
    )
)  # fmt: skip


def compact(name: str) -> str:
    """Return a name without case and signs, as it is compared."""
    return re.sub(r"[\W_]+", "", name).casefold()


def parts(name: str) -> list[str]:
    """Return the words of which a heading is made: ‘langPRET_2’ is lang, pret and 2."""
    return [part.casefold() for part in re.findall(r"[^\W\d_]+|\d+", _parted(name))]


def _parted(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def grade_of_name(name: str, role: str) -> int:
    """Return how surely a heading says that its column has this role: 2 surely, 1 perhaps, 0 not."""
    sure, perhaps = ROLES[role]
    plain = compact(name)
    return 2 if plain in sure else 1 if plain in perhaps else 0


def holds(name: str, stems: tuple[str, ...]) -> str:
    """Return the first of some stems with which a word of a name begins (a long one may stand anywhere), or ""."""
    plain, words = compact(name), parts(name)
    return next((s for s in stems if any(w.startswith(s) for w in words) or (len(s) > 4 and s in plain)), "")
