"""What may happen to a file: twelve ways, the same each time for the same seed."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

EVERYTHING = frozenset({-1})
"""In place of touched lines: nothing is as it was."""


@dataclass(frozen=True)
class Mutated:
    """The bytes of a file, and the lines (0-based) of the original that are not as they were."""

    content: bytes
    touched: frozenset[int]


Mutator = Callable[[str, Random], Mutated]
_DATE = re.compile(r"\b20\d\d([-/.])\d\d\1\d\d|\b\d\d([-/.])\d\d\2(?=20)|\b\d{1,2}/\d{1,2}/(?=\d\d\b)")
_NUMBER = re.compile(r"(?<![\w.:/-])-?\d+(?:[.,]\d+)?(?![\w:/-])")
_VALUE = re.compile(r'(?<=")[^"<>]*(?=")|(?<=: )[-\d.]+')
_BROKEN = ("2024-13-45", "2024-02-30", "0000-00-00", "9999-99-99", "2024-13-45")


def bit_flips(text: str, chance: Random) -> Mutated:
    """One to twenty bits of all."""
    content = bytearray(text.encode())
    places = [chance.randrange(len(content)) for _ in range(chance.randint(1, 20))]
    for place in places:
        content[place] ^= 1 << chance.randrange(8)
    return Mutated(bytes(content), frozenset(text.encode()[:place].count(b"\n") for place in places))


def cut(text: str, chance: Random) -> Mutated:
    """The end is gone, mostly in the middle of a line."""
    kept = text[: chance.randrange(1, len(text))]
    return Mutated(kept.encode(), frozenset(range(kept.count("\n"), text.count("\n") + 1)))


def swapped_lines(text: str, chance: Random) -> Mutated:
    """Two lines in each other's place."""
    lines = text.split("\n")
    one, other = _row(lines, chance), _row(lines, chance)
    lines[one], lines[other] = lines[other], lines[one]
    return Mutated("\n".join(lines).encode(), frozenset({one, other}))


def doubled_rows(text: str, chance: Random) -> Mutated:
    """One to three lines stand twice; the second time perhaps elsewhere."""
    lines = text.split("\n")
    doubled = [lines[_row(lines, chance)] for _ in range(chance.randint(1, 3))]
    for line in doubled:
        place = lines.index(line) if chance.random() < 0.5 else _row(lines, chance)
        lines.insert(place, line)
    return Mutated("\n".join(lines).encode(), frozenset(text.split("\n").index(line) for line in doubled))


def huge_field(text: str, chance: Random) -> Mutated:
    """A value of 200,000 characters, or a million values."""
    return _with_value(text, chance, lambda _: chance.choice(["9" * 200_000, "x" * 200_000, ",;" * 500_000, "1e" * 9]))


def nul(text: str, chance: Random) -> Mutated:
    """A NUL somewhere."""
    place = chance.randrange(len(text))
    touched = frozenset({text[:place].count("\n")})
    return Mutated(f"{text[:place]}\0{text[place + chance.randrange(2) :]}".encode(), touched)


def other_encoding(text: str, chance: Random) -> Mutated:
    """UTF-16 or UTF-32, with and without a mark, or bytes that are no UTF-8."""
    encoding = chance.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig", "cp037", ""])
    if encoding:
        return Mutated(text.encode(encoding), EVERYTHING)
    place = chance.randrange(len(text))
    content = text[:place].encode() + bytes(chance.choices(range(128, 256), k=3)) + text[place:].encode()
    return Mutated(content, frozenset({text[:place].count("\n")}))


def swapped_columns(text: str, chance: Random) -> Mutated:
    """Two values of each line in each other's place, in all lines or in those below the header."""
    lines = text.split("\n")
    one, other = chance.randrange(12), chance.randrange(12)
    first = chance.choice([0, _header_of(lines) + 1])
    for place in range(first, len(lines)):
        spans = _spans(lines[place])
        if max(one, other) < len(spans) and one != other:
            line, (a, b) = lines[place], sorted((spans[one], spans[other]))
            lines[place] = line[: a[0]] + line[b[0] : b[1]] + line[a[1] : b[0]] + line[a[0] : a[1]] + line[b[1] :]
    return Mutated("\n".join(lines).encode(), EVERYTHING)


def changed_sign(text: str, chance: Random) -> Mutated:
    """Some numbers of a line are below 0."""
    return _with_number(text, chance, lambda number: number[1:] if number[0] == "-" else f"-{number}")


def impossible_date(text: str, chance: Random) -> Mutated:
    """A date that no calendar has."""
    lines = text.split("\n")
    dated = [place for place, line in enumerate(lines) if _DATE.search(line)]
    place = chance.choice(dated)
    wrong = chance.choice(_BROKEN)

    def broken(found: re.Match[str]) -> str:
        if len(found[0]) == len("2024-13-45"):
            return wrong.replace("-", found[1])
        return re.sub(r"\d+", chance.choice(["13", "45", "00", "99"]), found[0])

    lines[place] = _DATE.sub(broken, lines[place])
    return Mutated("\n".join(lines).encode(), frozenset({place}))


def decimal_comma(text: str, chance: Random) -> Mutated:
    """A comma for a point, or a point for a comma, in one line or in all."""
    if chance.random() < 0.5:
        return _with_number(text, chance, lambda number: number.translate(str.maketrans(".,", ",.")))
    changed = _NUMBER.sub(lambda found: found[0].translate(str.maketrans(".,", ",.")), text)
    return Mutated(changed.encode(), EVERYTHING)


def lost_line_ends(text: str, chance: Random) -> Mutated:
    """Lines run into each other, or end otherwise."""
    if chance.random() < 0.3:
        return Mutated(text.replace("\n", chance.choice(["\r", "\r\n", "\n\n", "\v\n"])).encode(), EVERYTHING)
    lines = text.split("\n")
    place = _row(lines, chance)
    joined = [*lines[:place], "".join(lines[place : place + 2]), *lines[place + 2 :]]
    return Mutated("\n".join(joined).encode(), frozenset({place, place + 1}))


MUTATORS: tuple[Mutator, ...] = (
    bit_flips,
    cut,
    swapped_lines,
    doubled_rows,
    huge_field,
    nul,
    other_encoding,
    swapped_columns,
    changed_sign,
    impossible_date,
    decimal_comma,
    lost_line_ends,
)


def _row(lines: list[str], chance: Random) -> int:
    """A line; the last, empty one is none."""
    return chance.randrange(max(len(lines) - 1, 1))


def _header_of(lines: list[str]) -> int:
    """The first line of as many values as most have."""
    counts = [len(_spans(line)) for line in lines]
    usual = sorted(counts)[len(counts) // 2]
    return counts.index(usual)


def _spans(line: str) -> list[tuple[int, int]]:
    """Where the values of a line stand: cells of a table, or values of a document or an element."""
    if line.lstrip()[:1] in ("{", "<"):
        return [found.span() for found in _VALUE.finditer(line)]
    delimiter = ";" if line.count(";") > line.count(",") else ","
    starts = [0, *(place + 1 for place, letter in enumerate(line) if letter == delimiter)]
    return [(start, stop - 1) for start, stop in zip(starts, [*starts[1:], len(line) + 1], strict=True)]


def _with_value(text: str, chance: Random, other: Callable[[str], str]) -> Mutated:
    """One value of one line changed."""
    lines = text.split("\n")
    place = _row(lines, chance)
    spans = _spans(lines[place]) or [(0, len(lines[place]))]
    start, stop = chance.choice(spans)
    lines[place] = lines[place][:start] + other(lines[place][start:stop]) + lines[place][stop:]
    return Mutated("\n".join(lines).encode(), frozenset({place}))


def _with_number(text: str, chance: Random, other: Callable[[str], str]) -> Mutated:
    """The numbers of one line changed."""
    lines = text.split("\n")
    place = chance.choice([place for place, line in enumerate(lines) if _NUMBER.search(line)])
    lines[place] = _NUMBER.sub(lambda found: other(found[0]), lines[place])
    return Mutated("\n".join(lines).encode(), frozenset({place}))
