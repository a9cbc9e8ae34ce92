"""Which run, sweep or export a page shows: the URL names it, and the session remembers the one that was opened last."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from resnet_tf.runs.records import Run, Sweep


@dataclass(frozen=True)
class Shown:
    """The one of a kind that is shown, by its id."""

    parameter: str  # of the URL

    @property
    def _key(self) -> str:
        return f"shown.{self.parameter}"

    @property
    def last(self) -> str | None:
        """The id of the one that was opened last."""
        return st.session_state.get(self._key)

    def opened(self, found: Sequence[Run] | Sequence[Sweep]) -> str | None:
        """The id of the one that is shown: the URL's, the last one opened, or the first; None where there is none."""
        chosen = st.query_params.get(self.parameter) or self.last
        if chosen not in {each.id for each in found} and self.parameter not in st.query_params:
            chosen = found[0].id if found else None
        if chosen:
            self.show(chosen)
        return chosen

    def show(self, id: str) -> None:
        """Opens one: the page shows it from its next drawing on, and the URL names it."""
        st.session_state[self._key] = id
        st.query_params[self.parameter] = id

    def forget(self) -> None:
        """Opens none in particular."""
        st.session_state.pop(self._key, None)
        st.query_params.pop(self.parameter, None)


RUN = Shown("run")
SWEEP = Shown("sweep")
EXPORT = Shown("export")
