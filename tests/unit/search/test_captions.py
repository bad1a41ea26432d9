"""Tables of captions: what is accepted, and how what is wrong is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartsearch.core.errors import UsageError
from smartsearch.search.captions import CaptionedImages, parse_captions

TWO = CaptionedImages(("a.jpg", "sub/b.jpg"), ("a dog", "two dogs", "a cat"), (0, 0, 1))


@pytest.mark.parametrize(
    "table",
    [
        "a.jpg\ta dog\na.jpg\ttwo dogs\nsub/b.jpg\ta cat\n",
        "image\tcaption\na.jpg\ta dog\na.jpg\ttwo dogs\nsub/b.jpg\ta cat",
        "Caption\tnote\tImage\na dog\tx\ta.jpg\ntwo dogs\t\ta.jpg\na cat\ty\tsub/b.jpg\n",
        "split\timage\tcaption\ndev\ta.jpg\ta dog\ntrain\ta.jpg\ttwo dogs\ndev\tsub/b.jpg\ta cat\n",
        "\n./a.jpg\ta dog\n\nsub/../a.jpg\t two dogs \nsub//b.jpg\ta cat\n\n",
    ],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_every_layout_reads_the_same(table: str, mark: bytes, end: bytes) -> None:
    assert parse_captions(mark + table.encode().replace(b"\n", end), "t.tsv") == TWO


def test_quotes_are_ordinary() -> None:
    found = parse_captions(b'"a".jpg\t"Stop" sign\nb.jpg\the said "no\nc.jpg\tyes"\n', "t.tsv")
    assert found.images == ('"a".jpg', "b.jpg", "c.jpg")
    assert found.captions == ('"Stop" sign', 'he said "no', 'yes"')


def test_a_split_is_chosen_by_name() -> None:
    table = b"split\timage\tcaption\ndev\ta.jpg\ta dog\ntrain\tb.jpg\ta cat\ndev\tc.jpg\ta cow\n"
    assert parse_captions(table, "t.tsv", split="dev") == CaptionedImages(
        ("a.jpg", "c.jpg"), ("a dog", "a cow"), (0, 1)
    )


WORDS = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: text.strip()
)
NAMES = st.text(st.sampled_from("abcé \"'#,;"), min_size=1).filter(lambda name: name.strip())


@given(st.lists(st.tuples(NAMES, WORDS), min_size=1), st.permutations(["split", "image", "caption"]), st.booleans())
def test_what_is_written_is_read(rows: list[tuple[str, str]], columns: list[str], headed: bool) -> None:
    if headed:
        lines = [columns, *([{"split": "dev", "image": i, "caption": c}[name] for name in columns] for i, c in rows)]
    else:
        lines = [list(row) for row in rows]
    data = "".join("\t".join(line) + "\n" for line in lines).encode()
    found = parse_captions(data, "t.tsv", split="dev" if headed else None)
    assert [(found.images[own], text) for text, own in zip(found.captions, found.owners, strict=True)] == [
        (image, caption.strip()) for image, caption in rows
    ]
    assert len(set(found.images)) == len(found.images)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        found = parse_captions(data, "t.tsv")
    except UsageError:
        return
    assert set(found.owners) == set(range(len(found.images)))
    assert len(found.owners) == len(found.captions) > 0


@pytest.mark.parametrize(
    ("table", "says"),
    [
        (b"", "t.tsv is empty"),
        (b"\n \r\n", "t.tsv is empty"),
        (b"image\tcaption\n", "has no captions"),
        (b"a.jpg\ta dog\nb.jpg\n", "line 2: 1 column instead of 2"),
        (b"a.jpg\ta dog\n\nb.jpg\ta\tb\n", "line 3: 3 columns instead of 2"),
        (b"dev\ta.jpg\ta dog\n", "line 1: 3 columns and no names"),
        (b"a dog on the beach\n", "line 1: 1 column and no names"),
        (b"image\tcaption\timage\na\tb\tc\n", "line 1: two columns have the same name"),
        (b"a.jpg\t \n", "line 1: the caption is missing"),
        (b"\ta dog\n", "line 1: the image is missing"),
        (b"a.jpg\ta dog\nb.jpg\ta caf\xe9\n", "line 2, is not UTF-8"),
        ("a.jpg\ta dog\n".encode("utf-16"), "line 1, is not UTF-8"),
        (b"a.jpg\ta dog\n../b.jpg\ta cat\n", "line 2: ../b.jpg is not inside"),
        (b"x/../../b.jpg\ta cat\n", "line 1: x/../../b.jpg is not inside"),
        (b"/etc/passwd\ta cat\n", "line 1: /etc/passwd is not inside"),
    ],
)
def test_what_is_wrong_is_named(table: bytes, says: str) -> None:
    with pytest.raises(UsageError, match=r"t\.tsv") as caught:
        parse_captions(table, "t.tsv")
    assert says in caught.value.message


def test_a_split_that_is_not_there() -> None:
    with pytest.raises(UsageError, match="no column called split"):
        parse_captions(b"a.jpg\ta dog\n", "t.tsv", split="dev")
    with pytest.raises(UsageError, match=r"no split called test.*It has: dev, train\."):
        parse_captions(b"split\timage\tcaption\ndev\ta\tb\ntrain\tc\td\n", "t.tsv", split="test")


def test_keeping_some_images_renumbers_their_captions() -> None:
    assert TWO.keeping({1}) == CaptionedImages(("sub/b.jpg",), ("a cat",), (0,))
    assert TWO.keeping(range(1)) == CaptionedImages(("a.jpg",), ("a dog", "two dogs"), (0, 0))
    assert TWO.keeping(range(9)) == TWO
