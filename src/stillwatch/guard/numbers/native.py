"""What numbers are called in the scripts of their countries, by the name of their rule.

Words are as people write them, in capitals and in small letters where a script has both: only Latin letters are folded.
"""

from __future__ import annotations

NATIVE = {
    "bg_egn": "ЕГН егн",
    "cn_resident": "身份证 公民身份号码",
    "gr_afm": "ΑΦΜ αφμ",
    "gr_amka": "ΑΜΚΑ αμκα",
    "il_identity": "זהות",
    "in_aadhaar": "आधार",
    "jmbg": "ЈМБГ јмбг ЕМБГ ембг",
    "jp_my_number": "個人番号 マイナンバー",
    "kr_rrn": "주민등록번호 주민번호",
    "ru_inn": "ИНН инн",
    "se_personnummer": "personnr",
    "th_national": "เลขประจำตัวประชาชน บัตรประชาชน",
    "tw_national": "身分證 身分證字號 身分證號",
    "ua_rnokpp": "РНОКПП ІПН рнокпп іпн",
}
