"""Secrets in a sweep file are refused, and never shown."""

from pathlib import Path

import pytest

from sweeps.config import load_sweep
from tests.sweeps_tests.sweep_texts import GOOD, OWN, Case, check_case, refused

TABLE: dict[str, Case] = {
    "secret": ("epochs: 2", "hf_token: abc", 6, "trainer.hf_token", "secret", "environment"),
    "secret inside": ("epochs: 2", "model_args: {api_key: abc}", 6, "trainer.model_args.api_key", "secret", "environ"),
    "secret by its look": ("epochs: 2", f"schedule: hf_{'a' * 30}", 6, "trainer.schedule", "secret", "environment"),
}


@pytest.mark.parametrize("case", TABLE)
def test_secrets_are_refused_where_they_stand(case: str, tmp_path: Path) -> None:
    check_case(TABLE[case], tmp_path)


def test_a_secret_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text(GOOD.replace("epochs: 2", "password: tops3cret"))
    assert "tops3cret" not in str(refused(path))


@pytest.mark.parametrize("word", ["max_tokens", "tokenizer", "pad_token", "num_token", "key", "monkey", "token_type"])
def test_words_that_only_sound_like_secrets_are_left_alone(word: str, tmp_path: Path) -> None:
    (tmp_path / "mytrain.py").write_text("def train(config): ...\n")
    path = tmp_path / "sweep.yaml"
    path.write_text(OWN.replace("rate", word))
    assert load_sweep(path).trainer.settings == {word: 1}  # type: ignore[union-attr]


@pytest.mark.parametrize("word", ["token", "HF_TOKEN", "apiKey", "aws_secret_access_key", "db.password", "credentials"])
def test_words_of_secrets_are_refused(word: str, tmp_path: Path) -> None:
    (tmp_path / "mytrain.py").write_text("def train(config): ...\n")
    path = tmp_path / "sweep.yaml"
    path.write_text(OWN.replace("rate", word))
    assert "secret" in refused(path).message
