"""The parts of the page that draw, in order."""

from __future__ import annotations

from sweeps.views.report.answer import value_text
from sweeps.views.report.course import Spent
from sweeps.views.report.data import ReportData
from sweeps.views.report.figures import caution, choose, figure, folded, later, note, plot, said, section
from sweeps.views.report.markup import Child, Html, table, tag
from sweeps.views.report.pareto import Pareto
from sweeps.views.text import duration, metric_text, short_number

_AXES = ("trials", "full trainings", "device seconds", "hours")


def answer(data: ReportData) -> Html:
    """Who won, by how much, and how to have it again."""
    found = data.answer
    if found is None:
        return section("answer", "The answer", tag("p", f"{data.sources.why_not}.", class_="said"))
    best = found.best
    after = data.course.sentence(best.metric).partition(", after ")[2] if best.trial == _last_bettered(data) else ""
    facts: list[tuple[str, Child]] = [
        ("winner", [tag("a", best.trial, href=f"#trial-{best.trial}"), f", at report {best.report}"]),
        *found.standing,
    ]
    if best.note:
        facts.append(("note", best.note))
    if best.checkpoint:
        facts.append(("checkpoint", tag("code", str(data.sources.folder / best.checkpoint))))
    if after:
        facts.append(("found after", after))
    of = f" the mean of {len(found.mean.values)} trainings with fresh seeds" if found.mean is not None else ""
    own = f"To take home the model that scored {best.value:.6g}:"
    params = [(name, value_text(value)) for name, value in best.params.items()]
    return section(
        "answer",
        "The answer",
        tag(
            "p",
            tag("span", best.metric, class_="name"),
            " ",
            tag("strong", found.value, class_="number"),
            of,
            class_="big",
        ),
        tag("dl", [tag("div", tag("dt", name), tag("dd", text)) for name, text in facts], class_="facts"),
        tag("h3", "Its parameters"),
        table(["parameter", "value"], params, "Parameters of the winner", numbers=[1]),
        tag("h3", "To have it again"),
        _command(found.command) if found.command else None,
        note(found.reproduces[:1].upper() + found.reproduces[1:]),
        [note(own), _command(found.export)] if found.export else None,
    )


def course(data: ReportData) -> Html:
    """The best value over budget."""
    metric = data.sources.record.metric
    sentence = data.course.sentence(metric)
    rows = [(step.trial, str(step.report), metric_text(step.value), *_spent(step.spent)) for step in data.course.steps]
    heads = ["trial", "report", metric, "trials", "full trainings", "device s", "hours"]
    options = [
        (str(place), name) for place, name in enumerate(_AXES) if name != _AXES[1] or data.course.trainings_known
    ]
    return section(
        "course",
        f"Best {metric} over budget",
        said(sentence),
        tag("div", choose("course-x", "Count by", options, "0"), class_="controls") if rows else None,
        figure(plot("course", f"Best {metric} so far, against what was spent: {sentence}.")) if rows else None,
        folded("Data of this figure", table(heads, rows, "Every report that was the best so far", numbers=range(1, 7))),
    )


def curves(data: ReportData) -> Html:
    """Learning curves."""
    metric, rows = data.sources.record.metric, data.rows
    states = sorted({row.state for row in rows}, key=[row.state for row in rows].count, reverse=True)
    counts = ", ".join(f"{sum(row.state == state for row in rows)} {state}" for state in states)
    sentence = f"{len(rows)} trials: {counts}" if rows else "no trials yet"
    winner = f"; the thick line is the winner, {data.answer.best.trial}" if data.answer else ""
    return section(
        "curves",
        "Learning curves",
        said(f"{sentence}{winner}"),
        _shown(data),
        figure(
            plot("curves", f"{metric} by report of each trial, stopped ones faded. {sentence}{winner}.", tall="tall")
        )
        if any(row.reports for row in rows)
        else None,
        later("curves"),
    )


def parallel(data: ReportData) -> Html:
    """Parallel coordinates."""
    best = "; ".join(f"{one.name}: {one.sentence}" for one in data.slices)
    return section(
        "parallel",
        "Parallel coordinates",
        said("Each line is a trial; drag along an axis to keep the trials that pass there, press it once to let go"),
        _shown(data),
        figure(
            plot("parallel", f"A line for each trial through its parameters and its best value. {best}.", kind="group"),
        ),
        folded("Narrow the axes with the keyboard", tag("div", class_="narrow", id="narrow"), class_="no-print"),
        later("trials"),
    )


def importance(data: ReportData) -> Html:
    """Which parameters mattered."""
    found = data.importance
    rows = [(one.name, f"{one.share:.1%}", "yes" if one.told else "no", f"{one.chance:.2g}") for one in found.shares]
    drawn = [
        figure(plot("importance", f"Share of the importance of each parameter: {found.sentence}.", tall="bars")),
        caution(found.cautions),
        folded(
            "Data of this figure",
            table(
                ["parameter", "share", "told from chance", "p"], rows, "Importance of each parameter", numbers=[1, 3]
            ),
        ),
        note(
            f"PED-ANOVA (Watanabe et al., 2023) of being among the best {found.top} of {found.trials} trials. "
            "Values after different amounts of training are never compared: finished trials come first, then those "
            "that came furthest. p: how often a random choice of as many trials gives as much."
        ),
    ]
    return section("importance", "Importance of each parameter", said(found.sentence), drawn if rows else None)


def slices(data: ReportData) -> Html:
    """Each parameter against the metric."""
    metric = data.sources.record.metric
    cells = [
        tag(
            "figure",
            tag("figcaption", tag("h3", one.name), tag("p", f"{one.sentence}.")),
            plot(f"slice-{place}", f"{metric} against {one.name}: {one.sentence}.", tall="small"),
        )
        for place, one in enumerate(data.slices)
    ]
    options = [("best", "each trial's best, stopped ones faded"), *_levels(data)]
    return section(
        "slices",
        "Slices",
        said(f"each parameter by itself, against {metric}"),
        tag("div", choose("slices-at", "Values", options, "best"), class_="controls"),
        tag("div", cells, class_="grid") if cells else note("No parameter varies."),
        later("trials"),
    )


def contours(data: ReportData) -> Html | None:
    """Two parameters at once."""
    if len(data.slices) < 2 or not data.levels:
        return None
    metric = data.sources.record.metric
    first, second = _pair(data)
    names = [(str(place), one.name) for place, one in enumerate(data.slices)]
    level, pair = data.levels[data.level], (data.slices[first], data.slices[second])
    return section(
        "contours",
        "Contours",
        said(f"Smoothed {metric} over two parameters, from trials that were trained equally long"),
        tag(
            "div",
            choose("contour-x", "Across", names, str(first)),
            choose("contour-y", "Up", names, str(second)),
            choose("contour-at", "Values", _levels(data), str(data.level)),
            class_="controls",
        ),
        figure(
            plot(
                "contour",
                f"Mean {metric} at report {level.report} over {pair[0].name} and {pair[1].name}: "
                f"{pair[0].sentence}; {pair[1].sentence}.",
                tall="tall",
            )
        ),
        note("A mean of the trials near each place, weighted by their distance; empty where there are none."),
        later("contour"),
    )


def cost(data: ReportData) -> Html:
    """What it cost."""
    found = data.cost
    rows = [
        (one.name, str(one.trials), f"{one.seconds:,.1f}", _share(one.seconds, found.seconds)) for one in found.groups
    ]
    if found.saved is not None and found.saved > 0:
        rows.append(("saved by stopping early", "", f"{found.saved:,.1f}", ""))
    return section(
        "cost",
        "Cost",
        said(found.sentence),
        figure(plot("cost", f"Device seconds by what became of the trials: {found.sentence}.", tall="bars")),
        folded(
            "Data of this figure",
            table(["trials that", "trials", "device seconds", "share"], rows, "Device seconds", numbers=[1, 2, 3]),
        ),
        note(found.basis) if found.basis else None,
        note("Device time counts from when a worker takes a trial: of its first one it includes what it loads."),
    )


def fronts(data: ReportData) -> Html:
    """What a better metric costs."""
    parts = [_front(data, one) for one in data.fronts]
    return section("pareto", "Pareto front", tag("div", parts, class_="pair"))


def _front(data: ReportData, pareto: Pareto) -> Html:
    metric = data.sources.record.metric
    what = "device seconds" if pareto.price == "seconds" else "parameters that train"
    head = tag("h3", f"{metric} against {what}")
    if not pareto.points:
        none = (
            "No trial has a value."
            if pareto.price == "seconds"
            else (
                "How many parameters train is not known of these trials: a function of one's own does not say it."
                if data.sources.own_function
                else "How many parameters train is not in this sweep's ledger."
            )
        )
        return tag("div", head, note(none))
    if pareto.alike:
        return tag("div", head, note(f"All trials have the same: {short_number(pareto.points[0].cost)} {what}."))
    rows = [
        (one.trial, metric_text(one.value), f"{one.cost:,.0f}" if pareto.price == "trainable" else f"{one.cost:,.2f}")
        for one in pareto.front
    ]
    sentence = pareto.sentence(metric)
    return tag(
        "div",
        head,
        said(sentence),
        figure(plot(f"front-{pareto.price}", f"{metric} against {what}: {sentence}.")),
        folded(
            "Data of this figure", table(["trial", metric, what], rows, f"The front against {what}", numbers=[1, 2])
        ),
    )


def _levels(data: ReportData) -> list[tuple[str, str]]:
    return [
        (str(place), f"best until report {one.report} ({one.count} trials)") for place, one in enumerate(data.levels)
    ]


def _pair(data: ReportData) -> tuple[int, int]:
    """The two most important parameters, or the first two."""
    names = [one.name for one in data.slices]
    found = [names.index(one.name) for one in data.importance.shares] or [0, 1]
    first, second = [*found, *(place for place in range(len(names)) if place not in found)][:2]
    return first, second


def _last_bettered(data: ReportData) -> str:
    return data.course.steps[-1].trial if data.course.steps else ""


def _command(text: str) -> Html:
    button = tag("button", "Copy", type="button", class_="copy no-print")
    return tag(
        "div",
        tag("pre", tag("code", text), tabindex=0, role="region", aria_label="A command"),
        button,
        class_="command",
    )


def _shown(data: ReportData) -> Html:
    """How many trials pass the filters, where they are drawn; always there, so that nothing moves under a hand."""
    button = tag("button", "Show all", type="button", hidden=True)
    return tag("p", tag("span", f"Showing all {len(data.rows)} trials."), " ", button, class_="shown note no-print")


def _spent(spent: Spent) -> tuple[str, ...]:
    return (f"{spent.trials:.0f}", f"{spent.trainings:.2f}", f"{spent.device_seconds:,.1f}", f"{spent.hours:.3f}")


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.0%}" if whole else "-"


__all__ = ["answer", "contours", "cost", "course", "curves", "duration", "fronts", "importance", "parallel", "slices"]
