"""The packaged words, and a user's own: what a file says, and what a wrong one gets."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartsearch.core.errors import ConfigError
from smartsearch.tagging.vocabulary import VocabularyTag, packaged_vocabulary, read_words, vocabulary_with


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "own.csv"


def by_name(tags: tuple[VocabularyTag, ...]) -> dict[str, VocabularyTag]:
    return {tag.name: tag for tag in tags}


def test_the_packaged_words_are_whole() -> None:
    tags = packaged_vocabulary()
    assert 300 <= len(tags) <= 600
    assert len({tag.name.casefold() for tag in tags}) == len(tags)
    assert all(tag.kind and tag.phrases and tag.threshold is None and tag.packaged for tag in tags)
    assert by_name(tags)["bicycle"].phrases == ("a bicycle", "a bike")


def test_own_words_are_added_replaced_and_removed(own: Path) -> None:
    own.write_text(
        "# my words\n"
        "tag,kind,phrases,threshold\n"
        "\n"
        'my red canoe, boats, "a red canoe, seen from above; a red canoe on a lake", 0.4\n'
        "grandma's garden\n"
        "Dog,, a dog; our dog Rex\n"
        "-gun\n"
        "- Wine\n",
        "utf-8-sig",
    )
    tags = vocabulary_with(own)
    named = by_name(tags)
    assert named["my red canoe"] == VocabularyTag(
        "my red canoe", "boats", ("a red canoe, seen from above", "a red canoe on a lake"), 0.4
    )
    assert named["grandma's garden"] == VocabularyTag("grandma's garden", "own", ("grandma's garden",))
    assert named["Dog"].phrases == ("a dog", "our dog Rex")
    assert not {"dog", "gun", "wine"} & set(named)
    assert len(tags) == len(packaged_vocabulary()) + 2 - 2


def test_all_packaged_words_removed(own: Path) -> None:
    own.write_text("-*\nred canoe\n")
    assert [tag.name for tag in vocabulary_with(own)] == ["red canoe"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("dog\n\n# a remark\nred canoe,x,y,much", "line 4: the threshold must be a number"),
        ("red canoe,,,1.5", "line 1: the threshold must be"),
        ("red canoe,,,0", "line 1: the threshold must be"),
        ("red canoe,,,nan", "line 1: the threshold must be"),
        ("a\n,animal,a dog", "line 2: a tag has a name"),
        (f"{'x' * 101}", "line 1: a tag has a name"),
        ("a\tb", "line 1: a tag has a name"),
        ("red canoe\nRed Canoe", "line 2: the tag 'Red Canoe' is there twice"),
        ("a,b,a dog, a cat, a cow", "line 1: 5 cells are too many"),
        ("-gun,animal", "line 1: a line that removes"),
        ("a\n-no such tag", "line 2: there is no tag 'no such tag' to remove"),
        ('a\nb,"c,d', "line 2: unexpected end of data"),
        ('a\n\nb,"c"d,e', "line 3: "),
    ],
)
def test_a_wrong_file_names_its_line(own: Path, text: str, complaint: str) -> None:
    own.write_text(text)
    with pytest.raises(ConfigError, match=complaint) as caught:
        vocabulary_with(own)
    assert str(own) in str(caught.value)


def test_a_file_that_is_no_text_or_not_there(own: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        vocabulary_with(own)
    own.write_bytes(b"caf\xe9")
    with pytest.raises(ConfigError, match="not UTF-8"):
        vocabulary_with(own)


NAMES = st.text(st.characters(categories=["L", "N"], include_characters=" ',\""), min_size=1, max_size=20)


@given(st.dictionaries(NAMES.map(str.strip).filter(bool), st.lists(NAMES.map(str.strip).filter(bool)), max_size=8))
def test_what_a_spreadsheet_writes_is_read_back(tmp_path_factory: pytest.TempPathFactory, tags: dict) -> None:
    wanted = {name.casefold(): (name, tuple(phrases) or (name,)) for name, phrases in tags.items()}
    path = tmp_path_factory.mktemp("words") / "own.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [name, "k", "; ".join(phrases) if tags[name] else ""] for name, phrases in wanted.values()
        )
    found = {key: (tag.name, tag.phrases) for key, tag in read_words(path).tags.items()}
    assert found == wanted


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.mktemp("words") / "own.csv"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with suppress(ConfigError):
        assert all(tag.phrases and tag.name for tag in read_words(path).tags.values())
