"""`python -m resnet_tf.lessons` where it trains nothing."""

import json

import pytest

from resnet_tf.lessons.__main__ import main
from resnet_tf.lessons.course import lessons


def test_without_a_lesson_it_lists_all_with_what_came_of_them_when_they_were_done(capsys):
    main([])
    printed = capsys.readouterr().out
    for each in lessons():
        assert f"{each.number}. {each.title}" in printed
    assert "python -m resnet_tf.lessons --lesson 10 --quick" in printed


def test_in_russian_it_lists_them_in_russian(capsys):
    main(["--language", "ru"])
    assert "2. Обходная связь и градиент" in capsys.readouterr().out


def test_the_list_is_there_as_json(tmp_path, capsys):
    main(["--json", str(tmp_path / "all.json")])
    found = json.loads((tmp_path / "all.json").read_text())
    assert {each["lesson"] for each in found} == {each.name for each in lessons()}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--lesson", "11"], "lesson must be 1 to 10 or a name (got '11')"),
        (["--lesson", "gradints"], "the nearest is 'gradient'"),
        (["--all", "--seeds", "0"], "--seeds must be at least 1 (got 0)"),
        (["--all", "--quick", "--full"], "not allowed with argument"),
        (["--language", "fr"], "invalid choice: 'fr'"),
    ],
)
def test_arguments_that_it_cannot_take_are_refused_with_a_sentence(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
