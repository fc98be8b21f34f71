"""Conversations as tokens, by the tokenizer's chat template, and which of them an assistant said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from trainer.data.tables import shown
from trainer.errors import ConfigError

if TYPE_CHECKING:
    from trainer.sections import DataConfig


class BadConversation(ValueError):
    """What is wrong with one conversation; its place is the caller's to say."""


def template_of(data: DataConfig, tokenizer: Any) -> str:
    """The template of ``data.chat_template`` (a file, or the template itself), or the tokenizer's own.

    Raises:
        ConfigError: there is none, or its file cannot be read.
    """
    from pathlib import Path

    given = data.chat_template
    if given is None:
        if isinstance(tokenizer.chat_template, str):
            own: str = tokenizer.chat_template
            return own
        which = "several chat templates" if tokenizer.chat_template else "no chat template"
        what = f"the tokenizer of {tokenizer.name_or_path} has {which}"
        raise ConfigError("data.chat_template", what, "give one: a Jinja file or the template itself")
    if "{" in given:
        return given
    try:
        return Path(given).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("data.chat_template", f"{given} cannot be read: {error}") from None


def checked(value: object) -> list[dict[str, Any]]:
    """The messages of one row.

    Raises:
        BadConversation: not a list of mappings with a role and a text as content.
    """
    if not hasattr(value, "__iter__") or isinstance(value, str | Mapping):
        raise BadConversation(f"{shown(value)} is not a list of messages")
    messages = list(value)
    for number, message in enumerate(messages, start=1):
        if not isinstance(message, Mapping) or not isinstance(message.get("role"), str):
            raise BadConversation(f"message {number} is {shown(message)}, expected a mapping with role and content")
        if not isinstance(message.get("content"), str):
            raise BadConversation(f"message {number}: the content is {shown(message.get('content'))}, not a text")
    if not messages:
        raise BadConversation("there are no messages")
    return [dict(message) for message in messages]


def encode(tokenizer: Any, messages: Sequence[Mapping[str, Any]], template: str) -> tuple[list[int], list[int]]:
    """Ids of a whole conversation, and 1 for each that an assistant's turn adds to what the template puts before it.

    A template that marks these itself (``{% generation %}``, as transformers knows it) is taken at its word. Of others
    a turn is what the conversation up to it has more than the one before it with ``add_generation_prompt``.

    Raises:
        BadConversation: without an assistant's turn, refused by the template, or rendered otherwise when it goes on.
    """
    spoken = [at for at, message in enumerate(messages) if message["role"] == "assistant"]
    if not spoken:
        raise BadConversation("no message is the assistant's, so there is nothing to learn")
    if "generation" in template and "endgeneration" in template:
        options = {"tokenize": True, "return_dict": True, "return_assistant_tokens_mask": True}
        found = _apply(tokenizer, messages, template, **options)
        ids, marks = list(found["input_ids"]), [int(mark) for mark in found["assistant_masks"]]
    else:
        whole = render(tokenizer, messages, template)
        spans = [_span(tokenizer, messages, at, template, whole) for at in spoken]
        found = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids = list(found["input_ids"])
        marks = [int(any(start <= at < end for start, end in spans)) for at, _ in found["offset_mapping"]]
    if not any(marks[1:]):
        raise BadConversation("the template gives the assistant no tokens")
    return ids, marks


def render(
    tokenizer: Any, messages: Sequence[Mapping[str, Any]], template: str, *, add_generation_prompt: bool = False
) -> str:
    """A conversation as the text that the model sees.

    Raises:
        BadConversation: the template refuses it.
    """
    return str(_apply(tokenizer, messages, template, tokenize=False, add_generation_prompt=add_generation_prompt))


def _span(tokenizer: Any, messages: Sequence[Mapping[str, Any]], at: int, template: str, whole: str) -> tuple[int, int]:
    before = render(tokenizer, messages[:at], template, add_generation_prompt=True) if at else ""
    until = render(tokenizer, messages[: at + 1], template)
    if not (until.startswith(before) and whole.startswith(until)):
        raise BadConversation(
            f"the chat template renders message {at + 1} otherwise when the conversation goes on; "
            "mark what the assistant says in it with {% generation %} and {% endgeneration %}"
        )
    return len(before), len(until)


def _apply(tokenizer: Any, messages: Sequence[Mapping[str, Any]], template: str, **options: Any) -> Any:
    from jinja2 import TemplateError

    try:
        return tokenizer.apply_chat_template(list(messages), chat_template=template, **options)
    except TemplateError as error:
        raise BadConversation(f"the chat template refuses it: {error}") from None
