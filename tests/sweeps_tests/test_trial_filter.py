import pytest

from sweeps.errors import InputError
from sweeps.views.trial_filter import TrialFilter

TRIALS = [
    {"batch_size": 16, "state": "finished", "model_args.hidden": 8, "flag": True, "kind": "a"},
    {"batch_size": 32, "state": "finished", "value": 0.9, "lora_rank": 8, "kind": 2},
    {"batch_size": 64, "state": "failed", "lora_rank": 16},
]
KNOWN = dict.fromkeys(name for trial in TRIALS for name in trial)


def taken(text):
    return [place for place, held in enumerate(TrialFilter(text, KNOWN)(TRIALS)) if held]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("batch_size >= 32 and state == 'finished'", [1]),
        ("model_args.hidden < 10", [0]),
        ("16 <= batch_size <= 32", [0, 1]),
        ("state in ['failed', 'diverged']", [2]),
        ("batch_size * 2 == 64", [1]),
        ("flag == True", [0]),
        ("flag == 1", []),
    ],
)
def test_trials_that_fulfil_it_are_taken(text, expected):
    assert taken(text) == expected


def test_what_a_trial_lacks_is_neither_so_nor_not():
    assert taken("lora_rank > 8") == [2]
    assert taken("not lora_rank > 8") == [1]
    assert taken("lora_rank > 8 or state == 'finished'") == [0, 1, 2]
    assert taken("value > 0.5 and state == 'finished'") == [1]
    assert taken("1 / (batch_size - 16) > 0") == [1, 2]  # a division by zero has no value


def test_values_of_another_kind_are_passed_over_where_others_fit():
    assert taken("kind > 1") == [1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("batch_sze > 3", "--where: unknown name 'batch_sze'; did you mean batch_size?"),
        ("batch_size > 'a'", "cannot compare 64 with 'a'"),
        ("batch_size >", "is no expression"),
        ("__import__('os').system('true') == 0", "has no place here"),
        ("batch_size + 1", "says neither yes nor no"),
        ("(lambda: 1)() == 1", "has no place here"),
    ],
)
def test_others_are_refused_in_one_line(text, said):
    with pytest.raises(InputError) as caught:
        TrialFilter(text, KNOWN)(TRIALS)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_text_without_quotes_is_explained():
    with pytest.raises(InputError, match="quote it if it is a text: 'finished'"):
        TrialFilter("state == finished", KNOWN, frozenset({"finished"}))
