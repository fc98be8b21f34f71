"""Continuations by an exported decoder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from trainer.data import chat, token_rows
from trainer.errors import DataError
from trainer.tasks.language import decode
from trainer.tasks.language_export import TextPredictor, checked_rows


class CausalPredictor(TextPredictor):
    """Rows are beginnings of documents, prompts, or lists of messages, as in training, or mappings with their column;
    answers are what the model goes on with."""

    auto: ClassVar[str] = "AutoModelForCausalLM"

    def predict(self, rows: Sequence[Any], *, batch_size: int = 64) -> list[str]:
        """What the model goes on with after each row, greedily or by beams as ``generation`` says.

        A prompt is framed as in training: a text begins as documents do. One that is too long loses its beginning.

        Raises:
            DataError: a row that is no text, or no conversation with a turn that is not the assistant's at its end.
        """
        kind = token_rows.kind(self._config.data)
        ids = self._conversations(rows) if kind == "messages" else self._prompts(rows, kind)
        most = self._meta["positions"]
        room = self._config.max_length or int(self._meta["max_length"])
        if most is not None:
            room = most - self.generation.max_new_tokens
        written = self._write([prompt[-room:] for prompt in ids], batch_size)
        return decode(self.tokenizer, written)

    def _prompts(self, rows: Sequence[Any], kind: token_rows.Kind) -> list[list[int]]:
        texts = [self._clean(text) for text in checked_rows(rows, self._columns[kind], str, "a text")]
        data, frame = self._config.data, self._meta["frame"]
        before = list(frame["before"])
        if kind == "prompt":
            texts = [f"{data.prefix or ''}{text}{data.suffix or ''}" for text in texts]
        else:
            before = before or [frame["end"]]
        # A decoder cannot begin with nothing.
        return [before + ids or [frame["end"]] for ids in token_rows.tokenised(self.tokenizer, texts)]

    def _conversations(self, rows: Sequence[Any]) -> list[list[int]]:
        talks = checked_rows(rows, self._columns["messages"], (list, tuple), "a list of messages")
        template, rendered = chat.template_of(self._config.data, self.tokenizer), []
        for number, talk in enumerate(talks, start=1):
            try:
                messages = chat.checked(talk)
                if messages[-1]["role"] == "assistant":
                    raise chat.BadConversation("the last message is the assistant's own")
                rendered.append(chat.render(self.tokenizer, messages, template, add_generation_prompt=True))
            except chat.BadConversation as error:
                raise DataError("rows", f"row {number}: {error}") from None
        return token_rows.tokenised(self.tokenizer, rendered)
