"""Check digits and lengths: what makes a number a card, an IBAN, a national id or a mobile number, whatever stands
around it.
"""

from typing import Final

_STRUCTURES: Final = (
    "AD n8c12 AE n19 AL n8c16 AT n16 AZ a4c20 BA n16 BE n12 BG a4n6c8 BH a4c14 BI n23 BR n23a1c1 BY c4n4c16 "
    "CH n5c12 CR n18 CY n8c16 CZ n20 DE n18 DJ n23 DK n14 DO c4n20 DZ n22 EE n16 EG n25 ES n20 FI n14 "
    "FK a2n12 FO n14 FR n10c11n2 GB a4n14 GE a2n16 GI a4c15 GL n14 GR n7c16 GT c24 HN a4n20 HR n17 HU n24 "
    "IE a4n14 IL n19 IQ a4n15 IR n22 IS n22 IT a1n10c12 JO a4n4c18 KW a4c22 KZ n3c13 LB n4c20 LC a4c24 "
    "LI n5c12 LT n16 LU n3c13 LV a4c13 LY n21 MA n24 MC n10c11n2 MD c20 ME n18 MK n3c10n2 MN n16 MR n23 "
    "MT a4n5c18 MU a4n19a3 NI a4n20 NL a4n10 NO n11 OM n3c16 PK a4c16 PL n24 PS a4c21 PT n21 QA a4c21 "
    "RO a4c16 RS n18 RU n14c15 SA n2c18 SC a4n20a3 SD n14 SE n20 SI n15 SK n20 SM a1n10c12 SO n19 ST n21 "
    "SV a4n20 TL n19 TN n20 TR n6c16 UA n6c19 VA n18 VG a4n16 XK n16 YE a4n4c18"
)
"""The account part of each country's IBAN, as the registry of ISO 13616 writes it: n digits, a letters, c either."""


def _spread(structure: str) -> str:
    """ "n2c3" as "nnccc"."""
    spread, at = [], 0
    while at < len(structure):
        end = at + 1
        while end < len(structure) and structure[end].isdigit():
            end += 1
        spread.append(structure[at] * int(structure[at + 1 : end]))
        at = end
    return "".join(spread)


_WORDS: Final = _STRUCTURES.split()
ACCOUNTS: Final = {country: _spread(structure) for country, structure in zip(_WORDS[::2], _WORDS[1::2], strict=True)}
"""By country: one letter for each character behind the check digits."""

_DOUBLED: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1: every second digit from the right is doubled, the sum ends in zero."""
    values = [ord(digit) - 48 for digit in digits]
    return (sum(_DOUBLED[value] for value in values[-2::-2]) + sum(values[-1::-2])) % 10 == 0


def is_iban(compact: str) -> bool:
    """ISO 13616: the first four characters to the end, letters as 10 to 35, then modulo 97 leaves 1."""
    return int("".join(str(int(char, 36)) for char in compact[4:] + compact[:4])) % 97 == 1


def is_national_id(digits: str) -> bool:
    """A Saudi national id begins with 1, an iqama with 2; ten digits, the last one of Luhn."""
    return len(digits) == 10 and digits[0] in "12" and luhn(digits)


def is_card(digits: str) -> bool:
    """Whether a scheme issues cards of these first digits and this length (Visa, Mastercard, mada, American Express,
    Diners, Discover, JCB, UnionPay, Maestro), and its Luhn digit is right.
    """
    return _issued(digits) and luhn(digits)


def _issued(digits: str) -> bool:
    length = len(digits)
    if length == 16:
        return digits[0] in "3456" or "2221" <= digits[:4] <= "2720" or digits.startswith("9682")
    if 16 < length <= 19:
        return digits[0] in "456"
    if length == 15:
        return digits.startswith(("34", "37"))
    if length == 14:
        return digits.startswith(("30", "36", "38", "39"))
    return length == 13 and digits[0] == "4"


def is_mobile(digits: str) -> bool:
    """A Saudi mobile number, nationally or with its country, a trunk zero too many forgiven."""
    if digits.startswith("00"):
        digits = digits[2:]
        if not digits.startswith("966"):
            return False
    if digits.startswith("966"):
        digits = digits[3:]
        return (len(digits) == 9 and digits[0] == "5") or (len(digits) == 10 and digits.startswith("05"))
    return len(digits) == 10 and digits.startswith("05")


def is_short_mobile(digits: str) -> bool:
    """The same without the zero it is dialled with: any other number may look like this."""
    return len(digits) == 9 and digits[0] == "5"
